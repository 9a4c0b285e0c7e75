// Sums and maxima over a row, in an order that is the same on every target: 16 virtual lanes, whatever the width of the
// registers. Lane l takes elements l, l + 16, l + 32, ...; then lane i takes in lane i + 8, and so on with 4, 2 and 1.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdint.h>

#include "chainrule/simd/float_format.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// The first n elements, all where n is at least as many.
template <class T>
CHAINRULE_INLINE Vec<T> load_part(const T* p, int64_t n) {
  return n >= Vec<T>::kWidth ? Vec<T>::load(p) : Vec<T>::load_first(p, static_cast<int>(n));
}
template <class T>
CHAINRULE_INLINE void store_part(Vec<T> v, T* p, int64_t n) {
  n >= Vec<T>::kWidth ? v.store(p) : v.store_first(p, static_cast<int>(n));
}
// v in the first n lanes, `rest` in the others
template <class T>
CHAINRULE_INLINE Vec<T> fill_part(Vec<T> v, int64_t n, Vec<T> rest) {
  return n >= Vec<T>::kWidth ? v : select(Vec<T>::first(static_cast<int>(n)), v, rest);
}

template <class T>
struct Lanes {
  static constexpr int kCount = 16, kParts = kCount / Vec<T>::kWidth;
  Vec<T> parts[kParts];

  // Combines lane i with lane i + half until one part is left.
  template <class Combine>
  CHAINRULE_INLINE Vec<T> fold(Combine combine) {
    for (int half = kParts / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) parts[i] = combine(parts[i], parts[i + half]);
    }
    return parts[0];
  }
};

// Runs take(part, i, n) along a row of `count`: elements i to i + n of it, 1 <= n <= kWidth, belong to this part.
template <class T, class Take>
CHAINRULE_INLINE void along_lanes(Lanes<T>& lanes, int64_t count, Take take) {
  constexpr int kWidth = Vec<T>::kWidth;
  int64_t i = 0;
  for (; i + Lanes<T>::kCount <= count; i += Lanes<T>::kCount) {
    for (int part = 0; part < Lanes<T>::kParts; ++part) {
      take(lanes.parts[part], i + part * kWidth, int64_t{kWidth});
    }
  }
  for (int part = 0; i < count; ++part, i += kWidth) {
    take(lanes.parts[part], i, count - i < kWidth ? count - i : int64_t{kWidth});
  }
}

// The sum of term(i, n) over a row of `count`: the terms of elements i to i + n, 1 <= n <= kWidth (0 <= n for a row of
// none); the lanes after them are left out.
template <class T, class Term>
CHAINRULE_INLINE T lane_sum(int64_t count, Term term) {
  using V = Vec<T>;
  // One part alone: the others, all 0, would change nothing.
  if (count <= V::kWidth)
    return fold_sum(V::zero() + fill_part(term(int64_t{0}, count), count, V::zero()));
  Lanes<T> lanes;
  for (V& part : lanes.parts) part = V::zero();
  along_lanes(lanes, count, [&](V& part, int64_t i, int64_t n) {
    part = part + fill_part(term(i, n), n, V::zero());
  });
  return fold_sum(lanes.fold([](V a, V b) { return a + b; }));
}

// The maximum in the same way; a NaN counts for nothing, and the maximum of nothing is -infinity.
template <class T, class Term>
CHAINRULE_INLINE T lane_max(int64_t count, Term term) {
  using V = Vec<T>;
  const V least = V::set(-FloatFormat<T>::kInfinity);
  Lanes<T> lanes;
  for (V& part : lanes.parts) part = least;
  along_lanes(lanes, count, [&](V& part, int64_t i, int64_t n) {
    part = max(fill_part(term(i, n), n, least), part);
  });
  return fold_max(lanes.fold([](V a, V b) { return max(a, b); }));
}

// The sum and the maximum of x (count)
template <class T>
CHAINRULE_INLINE T row_sum(const T* x, int64_t count) {
  return lane_sum<T>(count, [&](int64_t i, int64_t n) { return load_part(x + i, n); });
}
template <class T>
CHAINRULE_INLINE T row_max(const T* x, int64_t count) {
  return lane_max<T>(count, [&](int64_t i, int64_t n) { return load_part(x + i, n); });
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
