// Polynomials on vectors.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/simd/float_format.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// c[0] + c[1] x + c[2] x^2 + ...; x2 = x x. Horner's rule in x^2 on pairs of terms: half the latency of the plain rule
// at the cost of one product.
template <class T, int kCount>
CHAINRULE_INLINE Vec<T> polynomial(Vec<T> x, Vec<T> x2, const T (&c)[kCount]) {
  using V = Vec<T>;
  constexpr int kPairs = kCount / 2;
  V sum = V::set(c[kCount - 1]);
  if constexpr (kCount % 2 == 0) sum = fma(sum, x, V::set(c[kCount - 2]));
  for (int i = kPairs - (kCount % 2 == 0 ? 2 : 1); i >= 0; --i) {
    sum = fma(sum, x2, fma(V::set(c[2 * i + 1]), x, V::set(c[2 * i])));
  }
  return sum;
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
