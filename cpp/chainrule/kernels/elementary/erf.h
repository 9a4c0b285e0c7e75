// The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.
// Polynomials: Sollya's fpminimax.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/elementary/exp.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

template <class T>
struct ErfNumbers;

template <>
struct ErfNumbers<float> {
  // (erf(x) - x) / x in x^2 for |x| <= 1: relative error below 0.03 2^-24
  static constexpr float kNear[] = {0x1.06eba8p-3f,  -0x1.81274p-2f, 0x1.ce2d52p-4f,
                                    -0x1.b7fec4p-6f, 0x1.542fecp-8f, -0x1.a5197ap-11f,
                                    0x1.4c5cb4p-14f};
  // -ln(1 - erf(x)) for 1 <= x <= 3.93: relative error of erf below 0.28 2^-24
  static constexpr float kFar[] = {0x1.5747f8p-9f, 0x1.1e1c76p0f,   0x1.4ef876p-1f,
                                   0x1.6bb9cp-4f,  -0x1.e603d4p-7f, 0x1.2f5d1ep-10f};
  static constexpr float kLimit = 3.93f;  // from here on erf is 1
};

template <>
struct ErfNumbers<double> {
  // Relative error below 0.13 2^-53
  static constexpr double kNear[] = {
      0x1.06eba8214db68p-3,  -0x1.812746b0379b5p-2,  0x1.ce2f21a040b02p-4,  -0x1.b82ce311f7069p-6,
      0x1.565bccf908894p-8,  -0x1.c02db03ff6859p-11, 0x1.f9a2bb4bba0e4p-14, -0x1.f4ca5bb2856d7p-17,
      0x1.b9807f233887cp-20, -0x1.5c0bc3130e21dp-23, 0x1.d73d744d56748p-27, -0x1.ac1a4196e188cp-31};
  // Relative error below 0.28 2^-53
  static constexpr double kFar[] = {
      0x1.1d6eccf6b1f7ap-20,  0x1.20dcc5a75abdap0,    0x1.45f94aa13d8aep-1,
      0x1.a467678018e0ep-4,   -0x1.35175a6e8ee21p-6,  -0x1.322fe645d96f5p-11,
      0x1.13156dfebc2cbp-9,   -0x1.e24c08648a39fp-11, 0x1.e3ab5e4c1a178p-13,
      -0x1.d5a2dbfe4e155p-16, -0x1.e4d8f52fd1e3fp-19, 0x1.66cdf4a9177e9p-19,
      -0x1.7143e2dd96baap-21, 0x1.d0d73785b54f8p-24,  -0x1.76aa193409722p-27,
      0x1.665e0ad8c90f3p-31,  -0x1.377b8d78bac5dp-36};
  static constexpr double kLimit = 5.93;
};

constexpr double kErfMaxUlp = 1.5;

// x + x P(x^2) near 0, 1 - e^(-Q(|x|)) with the sign of x elsewhere
template <class T>
CHAINRULE_INLINE Vec<T> erf(Vec<T> x) {
  using V = Vec<T>;
  using C = ErfNumbers<T>;
  const V x2 = x * x, t = min(V::set(C::kLimit), abs(x)), one = V::set(1);
  const V inner = fma(polynomial(x2, x2 * x2, C::kNear), x, x);
  const auto [s, power] = exp_parts(-polynomial(t, t * t, C::kFar));
  const V outer = copy_sign(fma(s, power, power - one), x);
  return select(t < one, inner, outer);
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
