// Rows of numbers as formulas use them: for each, sum, maximum. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/lanes.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// A place in a row, with all of a vector there: reads and writes it.
template <class V>
struct At {
  int64_t j;
  CHAINRULE_INLINE V operator()(const typename V::Number* row) const { return V::load(row + j); }
  CHAINRULE_INLINE void put(typename V::Number* row, V values) const { values.store(row + j); }
  CHAINRULE_INLINE V or_else(V values, V /*other*/) const { return values; }
};

// The place where a row ends: only the first `count` numbers of the vector are there, the others read as 0.
template <class V>
struct AtEnd {
  int64_t j;
  int count;
  CHAINRULE_INLINE V operator()(const typename V::Number* row) const {
    return V::load_first(row + j, count);
  }
  CHAINRULE_INLINE void put(typename V::Number* row, V values) const {
    values.store_first(row + j, count);
  }
  CHAINRULE_INLINE V or_else(V values, V other) const {
    return select(V::first(count), values, other);
  }
};

template <class V>
class Row {
 public:
  using Vector = V;
  using T = typename V::Number;

  explicit Row(int64_t n) : n_(n) {}

  T count() const { return static_cast<T>(n_); }
  static CHAINRULE_INLINE V all(T value) { return V::set(value); }

  template <class Body>
  CHAINRULE_INLINE void for_each(Body&& body) const {
    int64_t j = 0;
    for (; j + V::kWidth <= n_; j += V::kWidth) body(At<V>{j});
    if (j < n_) body(AtEnd<V>{j, static_cast<int>(n_ - j)});
  }

  // In the fixed order of kernels/lanes.h.
  template <class Term>
  CHAINRULE_INLINE T sum(Term&& term) const {
    return lane_sum<T>(n_, [&](int64_t j, int64_t n) { return at_place(term, j, n); });
  }
  template <class Term>
  CHAINRULE_INLINE T max(Term&& term) const {
    return lane_max<T>(n_, [&](int64_t j, int64_t n) { return at_place(term, j, n); });
  }

 private:
  template <class Term>
  static CHAINRULE_INLINE V at_place(Term& term, int64_t j, int64_t n) {
    return n == V::kWidth ? term(At<V>{j}) : term(AtEnd<V>{j, static_cast<int>(n)});
  }

  int64_t n_;
};

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
