// ln(1 + e^x), and what it shares with its derivative 1 / (1 + e^-x): one exponential and one division.
// With u = e^-|x| and s = u / (2 + u), ln(1 + u) = 2 artanh s. Polynomials: Remez' algorithm.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/elementary/exp.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// 2 artanh s = 2 s + s^3 (kTerms[0] + kTerms[1] s^2 + ...) for 0 <= s <= 1/3
template <class T>
struct SoftplusNumbers;

template <>
struct SoftplusNumbers<float> {
  // Relative error below 0.1 2^-24
  static constexpr float kTerms[] = {0x1.555502p-1f, 0x1.99d208p-2f, 0x1.1ebd0cp-2f,
                                     0x1.1ed7c2p-2f};
};

template <>
struct SoftplusNumbers<double> {
  // Relative error below 0.03 2^-53
  static constexpr double kTerms[] = {
      0x1.5555555555535p-1, 0x1.99999999a06c1p-2, 0x1.249249209111dp-2, 0x1.c71c741a07025p-3,
      0x1.745cb4599e406p-3, 0x1.3b1dd3ae92727p-3, 0x1.10682ebf86287p-3, 0x1.efd18ee404526p-4,
      0x1.55cf50db3ad58p-4, 0x1.5c5c2a54e8031p-3};
};

// ln(1 + u) = s * sum and 1 / (1 + u), for 0 <= u <= 1
template <class V>
struct SoftplusParts {
  V s, sum, sigmoid;
};

template <class V, class T = typename V::Number>
CHAINRULE_INLINE SoftplusParts<V> softplus_parts(V u) {
  const V one = V::set(1), one_more = one + u, two_more = V::set(2) + u;
  const V quotient = one / (one_more * two_more);
  const V s = u * one_more * quotient, s2 = s * s;
  const V sum = fma(polynomial(s2, s2 * s2, SoftplusNumbers<T>::kTerms), s2, V::set(2));
  return {s, sum, two_more * quotient};
}

constexpr double kSoftplusMaxUlp = 5.5;

// ln(1 + e^x) = max(x, 0) + ln(1 + u)
template <class T>
CHAINRULE_INLINE Vec<T> softplus(Vec<T> x) {
  using V = Vec<T>;
  const SoftplusParts<V> parts = softplus_parts(exp_below_one(-abs(x)));
  return fma(parts.s, parts.sum, select(x > V::zero(), x, V::zero()));
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
