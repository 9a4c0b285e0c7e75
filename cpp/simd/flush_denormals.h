// While it lives, this thread treats denormal numbers as 0 (they are a hundred times slower); afterwards the
// caller's floating-point state is as it was found, sticky exception flags included.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace chainrule {

class FlushDenormals {
 public:
#if defined(__x86_64__) || defined(_M_X64)
  FlushDenormals() : found_(_mm_getcsr()) { _mm_setcsr(found_ | kFlushToZero | kDenormalsAreZero); }
  ~FlushDenormals() { _mm_setcsr(found_); }

 private:
  static constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
  unsigned found_;
#elif defined(__aarch64__) && defined(__GNUC__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(found_));
    asm volatile("mrs %0, fpsr" : "=r"(flags_));
    asm volatile("msr fpcr, %0" ::"r"(found_ | kFlushToZero));
  }
  ~FlushDenormals() {
    asm volatile("msr fpcr, %0" ::"r"(found_));
    asm volatile("msr fpsr, %0" ::"r"(flags_));
  }

 private:
  static constexpr std::uint64_t kFlushToZero = std::uint64_t{1} << 24;
  std::uint64_t found_, flags_;
#else
  FlushDenormals() {}  // no such switch: denormals are merely slow
  ~FlushDenormals() {}
#endif
 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};

}  // namespace chainrule
