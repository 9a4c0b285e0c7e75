// The standard normal distribution: its density phi(z) = e^(-z^2 / 2) / sqrt(2 pi), and its distribution function Phi(z), the
// integral of phi up to z, both from one exponential.
// Form: Shepherd, Laframboise: "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x", Math. Comp. 36 (1981). Polynomials: Remez'
// algorithm.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/elementary/exp.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// Phi(-x) e^(x^2 / 2) in u = x / (x + kMiddle) for 0 <= x <= kLimit. The error is smallest where e^(-x^2 / 2) is largest, so that
// of Phi is the same all along.
template <class T>
struct NormalNumbers;

template <>
struct NormalNumbers<float> {
  // Error of Phi below 0.03 2^-25
  static constexpr float kTerms[] = {0x1p-1f,         -0x1.98845p+0f, 0x1.33bd66p+1f,
                                     -0x1.0d98d8p+1f, 0x1.bcb22cp-1f, 0x1.fe2528p-4f,
                                     -0x1.13de9cp-2f, 0x1.2172e2p-4f};
  static constexpr float kMiddle = 4, kLimit = 5.5f;
};

template <>
struct NormalNumbers<double> {
  // Error of Phi below 0.08 2^-54
  static constexpr double kTerms[] = {0x1p-1,
                                      -0x1.fea5680c943e7p+0,
                                      0x1.1056a5fcdafb3p+2,
                                      -0x1.8781f2c808e83p+2,
                                      0x1.7cccdbaf1ab92p+2,
                                      -0x1.cbefd5258569ep+1,
                                      0x1.b3237d710b214p-1,
                                      0x1.cf078e4d0bb07p-2,
                                      -0x1.42ab2d5fd0cbfp-2,
                                      -0x1.2be0e8fca3315p-4,
                                      0x1.700aa7123a7f8p-4,
                                      0x1.3f12925bd8bf4p-6,
                                      -0x1.619f2b47d92e1p-7,
                                      -0x1.082253b598619p-5,
                                      0x1.9f745348ece9ep-6,
                                      -0x1.5f6353665f06bp-8};
  static constexpr double kMiddle = 5, kLimit = 8.3;
};

template <class V>
struct Normal {
  V distribution, density;
};

// Phi(-|z|) = e^(-z^2 / 2) P(u), and Phi(|z|) = 1 - Phi(-|z|)
template <class T>
CHAINRULE_INLINE Normal<Vec<T>> normal(Vec<T> z) {
  using V = Vec<T>;
  using C = NormalNumbers<T>;
  constexpr T kOneOverSqrtTwoPi = T(0.39894228040143267794);
  const V power = exp_below_one(V::set(T(-0.5)) * z * z);
  const V x = min(V::set(C::kLimit), abs(z)), u = x / (x + V::set(C::kMiddle));
  const V tail = power * polynomial(u, u * u, C::kTerms);
  return {select(z > V::zero(), V::set(1) - tail, tail), V::set(kOneOverSqrtTwoPi) * power};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
