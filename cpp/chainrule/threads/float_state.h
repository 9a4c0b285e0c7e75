// The floating-point state that a region's threads share with their caller: denormals, rounding, trapped exceptions.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace chainrule {

struct FloatState {
#if defined(__x86_64__) || defined(_M_X64)
  unsigned control = 0;

  static FloatState of_this_thread() { return {_mm_getcsr()}; }
  void apply() const { _mm_setcsr(control); }
#elif defined(__aarch64__) && defined(__GNUC__)
  std::uint64_t control = 0;

  static FloatState of_this_thread() {
    FloatState state;
    asm volatile("mrs %0, fpcr" : "=r"(state.control));
    return state;
  }
  void apply() const { asm volatile("msr fpcr, %0" ::"r"(control)); }
#else
  static FloatState of_this_thread() { return {}; }  // simd/denormals.h changes nothing here
  void apply() const {}
#endif
};

}  // namespace chainrule
