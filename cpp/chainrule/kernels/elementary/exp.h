// e^x and e^x - 1.
// Range reduction: Muller, Elementary Functions: Algorithms and Implementation (2016), chapter 11. Polynomials: Sollya's
// fpminimax.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/elementary/polynomial.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

template <class T>
struct ExpNumbers;

template <>
struct ExpNumbers<float> {
  static constexpr float kLog2E = 0x1.715476p0f;
  // ln 2 in two parts; n times the first is exact.
  static constexpr float kLn2High = 0x1.62e4p-1f, kLn2Low = 0x1.7f7d1cp-20f;
  // (e^r - 1 - r) / r^2 for |r| <= 0.347: relative error of e^r below 0.11 2^-24, of e^r - 1 below 0.27 2^-24
  static constexpr float kTerms[] = {0x1p-1f, 0x1.5554aep-3f, 0x1.5554ep-5f, 0x1.1228fap-7f,
                                     0x1.6d56a2p-10f};
  // e^kHigh is infinite, and 2^(n - 1) has become 0 for kLow.
  static constexpr float kHigh = 89, kLow = -87;
};

template <>
struct ExpNumbers<double> {
  static constexpr double kLog2E = 0x1.71547652b82fep0;
  static constexpr double kLn2High = 0x1.62e42fefap-1, kLn2Low = 0x1.cf79abc9e3b39p-40;
  // Relative error of e^r below 0.08 2^-53, of e^r - 1 below 0.20 2^-53
  static constexpr double kTerms[] = {
      0x1.0000000000005p-1,  0x1.555555555555cp-3,  0x1.55555555520c2p-5,  0x1.111111110e80dp-7,
      0x1.6c16c17f4ac0dp-10, 0x1.a01a01b56f949p-13, 0x1.a019a63eae90dp-16, 0x1.71ddeaeb7ef0ep-19,
      0x1.28a2fc136db08p-22, 0x1.af75460e84d7ap-26};
  static constexpr double kHigh = 710, kLow = -708.2;
};

// e^x = 2^n (1 + s), |s| < 0.415
template <class T>
struct ExpParts {
  Vec<T> s, power;
};

// s and 2^(n + offset), if that is a normal number; where it is half the smallest of these, 0.
template <class T>
CHAINRULE_INLINE ExpParts<T> exp_parts(Vec<T> x, int offset = 0) {
  using V = Vec<T>;
  using C = ExpNumbers<T>;
  const V shifter =
      V::set(FloatFormat<T>::kShifter + static_cast<T>(FloatFormat<T>::kBias + offset));
  const V shifted = fma(x, V::set(C::kLog2E), shifter);
  const V n = shifted - shifter;
  const V r = fma(n, V::set(-C::kLn2Low), fma(n, V::set(-C::kLn2High), x));
  const V r2 = r * r;
  return {fma(polynomial(r, r2, C::kTerms), r2, r), low_bits_to_exponent(shifted)};
}

constexpr double kExpMaxUlp = 1.5;

// e^x
template <class T>
CHAINRULE_INLINE Vec<T> exp(Vec<T> x) {
  using V = Vec<T>;
  using C = ExpNumbers<T>;
  // 2 (1 + s) 2^(n - 1): for the largest results, 2^n is no number any more.
  const auto [s, power] = exp_parts(min(V::set(C::kHigh), max(V::set(C::kLow), x)), -1);
  return fma(s, V::set(2), V::set(2)) * power;
}

// e^x for x <= 0 in fewer operations; where it would be denormal, it is 0.
template <class T>
CHAINRULE_INLINE Vec<T> exp_below_one(Vec<T> x) {
  const auto [s, power] = exp_parts(max(Vec<T>::set(ExpNumbers<T>::kLow - 1), x));
  return (Vec<T>::set(1) + s) * power;
}

// Below it in absolute value, f(x) = x for an odd function of slope 1, and for e^x - 1 and ln(1 + x).
template <class T>
constexpr T kTiny = T(0x1p-60);

constexpr double kExpm1MaxUlp = 2.5;

// e^x - 1
template <class T>
CHAINRULE_INLINE Vec<T> expm1(Vec<T> x) {
  using V = Vec<T>;
  // From -50 on it is -1.
  const auto [s, power] = exp_parts(min(V::set(ExpNumbers<T>::kHigh), max(V::set(-50), x)), -1);
  const V half = fma(s, power, power - V::set(T(0.5)));
  return select(abs(x) < V::set(kTiny<T>), x, half + half);
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
