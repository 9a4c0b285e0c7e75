// tanh x and 1 / (1 + e^-x), with its slope or without, each from one exponential.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/elementary/exp.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

constexpr double kTanhMaxUlp = 3;

// tanh x = -d / (d + 2) with d = e^(-2 |x|) - 1, and the sign of x
template <class T>
CHAINRULE_INLINE Vec<T> tanh(Vec<T> x) {
  using V = Vec<T>;
  // From here on it is 1.
  const V limit = V::set(sizeof(T) == sizeof(float) ? 10 : 20);
  const auto [s, power] = exp_parts(min(limit, abs(x)) * V::set(-2));
  const V d = fma(s, power, power - V::set(1));
  return copy_sign(d / (d + V::set(2)), x);
}

constexpr double kSigmoidMaxUlp = 2.5;

// 1 / (1 + e^-x), as accurate where the exponential is large
template <class T>
CHAINRULE_INLINE Vec<T> sigmoid(Vec<T> x) {
  const Vec<T> one = Vec<T>::set(1);
  return one / (one + exp(-x));
}

// p = 1 / (1 + e^-x) and p (1 - p), where nothing cancels
template <class V>
struct SigmoidWithSlope {
  V value, slope;
};

template <class T>
CHAINRULE_INLINE SigmoidWithSlope<Vec<T>> sigmoid_with_slope(Vec<T> x) {
  using V = Vec<T>;
  const V u = exp_below_one(-abs(x)), q = V::set(1) / (V::set(1) + u), uq = u * q;
  return {select(x > V::zero(), q, uq), uq * q};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
