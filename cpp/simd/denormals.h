// How this thread treats denormal numbers, which are a hundred times slower than others: as 0 inside the core, as they
// are in a caller's code. Afterwards the floating-point state is as it was found, sticky exception flags included.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace chainrule {

template <bool kFlush>
class DenormalScope {
 public:
#if defined(__x86_64__) || defined(_M_X64)
  DenormalScope() : found_(_mm_getcsr()) {
    constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
    constexpr unsigned kBits = kFlushToZero | kDenormalsAreZero;
    _mm_setcsr(kFlush ? found_ | kBits : found_ & ~kBits);
  }
  ~DenormalScope() { _mm_setcsr(found_); }

 private:
  unsigned found_;
#elif defined(__aarch64__) && defined(__GNUC__)
  DenormalScope() {
    constexpr std::uint64_t kFlushToZero = std::uint64_t{1} << 24;
    asm volatile("mrs %0, fpcr" : "=r"(found_));
    asm volatile("mrs %0, fpsr" : "=r"(flags_));
    asm volatile("msr fpcr, %0" ::"r"(kFlush ? found_ | kFlushToZero : found_ & ~kFlushToZero));
  }
  ~DenormalScope() {
    asm volatile("msr fpcr, %0" ::"r"(found_));
    asm volatile("msr fpsr, %0" ::"r"(flags_));
  }

 private:
  std::uint64_t found_, flags_;
#else
  DenormalScope() {}  // no such switch: denormals are merely slow
  ~DenormalScope() {}
#endif
 public:
  DenormalScope(const DenormalScope&) = delete;
  DenormalScope& operator=(const DenormalScope&) = delete;
};

using FlushDenormals = DenormalScope<true>;
using KeepDenormals = DenormalScope<false>;

}  // namespace chainrule
