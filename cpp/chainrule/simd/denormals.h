// How this thread treats denormal numbers, which are a hundred times slower than others: as 0 inside the core, as the
// caller has it in the caller's code. Afterwards the floating-point state is as it was found.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace chainrule {

// The bits that rule denormals in this CPU's floating-point control register, and the register itself.
#if defined(__x86_64__) || defined(_M_X64)
using FloatControl = unsigned;
constexpr FloatControl kDenormalBits = 0x8040;  // flush to zero, denormals are zero
inline FloatControl float_control() { return _mm_getcsr(); }
inline void set_float_control(FloatControl value) { _mm_setcsr(value); }
#elif defined(__aarch64__) && defined(__GNUC__)
using FloatControl = std::uint64_t;
constexpr FloatControl kDenormalBits = std::uint64_t{1} << 24;
inline FloatControl float_control() {
  FloatControl value;
  asm volatile("mrs %0, fpcr" : "=r"(value));
  return value;
}
inline void set_float_control(FloatControl value) { asm volatile("msr fpcr, %0" ::"r"(value)); }
#else
using FloatControl = unsigned;  // no such switch: denormals are merely slow
constexpr FloatControl kDenormalBits = 0;
inline FloatControl float_control() { return 0; }
inline void set_float_control(FloatControl) {}
#endif

// What the caller of the core had when the core was entered on this thread.
inline thread_local FloatControl callers_float_control = 0;

class FlushDenormals {
 public:
  FlushDenormals() : found_(float_control()) {
    callers_float_control = found_;
    set_float_control(found_ | kDenormalBits);
  }
  ~FlushDenormals() { set_float_control(found_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  FloatControl found_;
};

// While a caller's code runs within the core's.
class CallersDenormals {
 public:
  CallersDenormals() : found_(float_control()), callers_(callers_float_control) {
    set_float_control((found_ & ~kDenormalBits) | (callers_ & kDenormalBits));
  }
  ~CallersDenormals() {
    set_float_control(found_);
    callers_float_control = callers_;  // the caller's code may have come back into the core
  }
  CallersDenormals(const CallersDenormals&) = delete;
  CallersDenormals& operator=(const CallersDenormals&) = delete;

 private:
  FloatControl found_, callers_;
};

}  // namespace chainrule
