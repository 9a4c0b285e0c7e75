// Rows of elements as formulas use them: for each, sum, maximum. Row takes a row by vectors along it, contiguous or in
// another layout, RowsSideBySide as many rows at once as a vector has lanes; the results are the same. Compiled for every
// CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/lanes.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// A place in a row, with all of a vector there: reads and writes it.
template <class V>
struct At {
  int64_t j;
  // What an array of one number for each place of the row has here.
  CHAINRULE_INLINE V of_column(const typename V::Number* columns) const {
    return V::load(columns + j);
  }
  CHAINRULE_INLINE V operator()(const typename V::Number* row) const { return V::load(row + j); }
  CHAINRULE_INLINE void put(typename V::Number* row, V values) const { values.store(row + j); }
  CHAINRULE_INLINE V or_else(V values, V /*other*/) const { return values; }
};

// The place where a row ends: only the first `count` elements of the vector are there, the others read as 0.
template <class V>
struct AtEnd {
  int64_t j;
  int count;
  CHAINRULE_INLINE V of_column(const typename V::Number* columns) const {
    return V::load_first(columns + j, count);
  }
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

// Where the elements of a row are, from its first on, and what a formula gets of a place.
struct Contiguous {
  CHAINRULE_INLINE int64_t offset(int64_t j) const { return j; }
  template <class AnyAt>
  CHAINRULE_INLINE AnyAt place(AnyAt at, int64_t /*j*/) const {
    return at;
  }
};

// With kPadded, whole vectors may be read and written where the row ends; what comes after it goes into no sum.
template <class V, bool kPadded = false, class Layout = Contiguous>
class Row : private Layout {  // of which a contiguous one takes no memory
 public:
  using Vector = V;
  using T = typename V::Number;
  using Scalar = T;  // what a formula has one of for a row

  explicit Row(int64_t n, Layout layout = {}) : Layout(layout), n_(n) {}

  T count() const { return static_cast<T>(n_); }
  static CHAINRULE_INLINE T number(T value) { return value; }
  static CHAINRULE_INLINE V all(T value) { return V::set(value); }

  template <class Body>
  CHAINRULE_INLINE void for_each(Body&& body) const {
    int64_t j = 0;
    for (; j + V::kWidth <= n_; j += V::kWidth) body(at(j));
    if (j < n_) at_end(body, j, n_ - j);
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
  CHAINRULE_INLINE V at_place(Term& term, int64_t j, int64_t n) const {
    return n == V::kWidth ? term(at(j)) : at_end(term, j, n);
  }
  template <class Body>
  CHAINRULE_INLINE auto at_end(Body& body, int64_t j, int64_t n) const {
    if constexpr (kPadded) {
      return body(at(j));
    } else {
      return body(Layout::place(AtEnd<V>{Layout::offset(j), static_cast<int>(n)}, j));
    }
  }
  CHAINRULE_INLINE auto at(int64_t j) const { return Layout::place(At<V>{Layout::offset(j)}, j); }

  int64_t n_;
};

// y := alpha x + beta y; where beta is 0, y is not read
template <class V, class T = typename V::Number>
CHAINRULE_INLINE void axpby_row(T alpha, const T* x, T beta, T* y, int64_t count) {
  const V a = V::set(alpha), b = V::set(beta);
  Row<V>(count).for_each([&](auto at) {
    const V term = a * at(x);
    at.put(y, beta == 0 ? term : fma(b, at(y), term));
  });
}

template <class V>
CHAINRULE_INLINE V larger(V a, V b) {  // by this name in a class that has a max() of its own
  return max(a, b);
}

// A place in rows that lie across: the same one of each.
template <class V>
struct AtSideBySide : At<V> {
  int64_t column;
  AtSideBySide(int64_t column_, int64_t stride) : At<V>{column_ * stride}, column(column_) {}
  CHAINRULE_INLINE V of_column(const typename V::Number* columns) const {
    return V::set(columns[column]);
  }
};

// Rows that lie across: number j of them all is the vector at j * stride.
template <class V>
class RowsSideBySide {
 public:
  using Vector = V;
  using T = typename V::Number;
  using Scalar = V;

  RowsSideBySide(int64_t n, int64_t stride) : n_(n), stride_(stride) {}

  V count() const { return V::set(static_cast<T>(n_)); }
  static CHAINRULE_INLINE V number(T value) { return V::set(value); }
  static CHAINRULE_INLINE V all(V value) { return value; }

  template <class Body>
  CHAINRULE_INLINE void for_each(Body&& body) const {
    for (int64_t j = 0; j < n_; ++j) body(AtSideBySide<V>(j, stride_));
  }

  // A lane that no element belongs to changes nothing, so it may be left out: no other is -0, or NaN in a maximum.
  template <class Term>
  CHAINRULE_INLINE V sum(Term&& term) const {
    const auto add = [](V a, V b) { return a + b; };
    return fold(V::zero(), term, add, add);
  }
  template <class Term>
  CHAINRULE_INLINE V max(Term&& term) const {
    return fold(
        V::set(-FloatFormat<T>::kInfinity), term, [](V a, V b) { return larger(b, a); },
        [](V a, V b) { return larger(a, b); });
  }

 private:
  template <class Term, class Take, class Combine>
  CHAINRULE_INLINE V fold(V start, Term& term, Take take, Combine combine) const {
    constexpr int64_t kLanes = Lanes<T>::kCount;
    V lanes[kLanes];
    int64_t used = n_ < kLanes ? n_ : kLanes;
    for (int64_t j = 0; j < used; ++j) lanes[j] = take(start, term(AtSideBySide<V>(j, stride_)));
    for (int64_t j = used; j < n_; ++j) {
      lanes[j % kLanes] = take(lanes[j % kLanes], term(AtSideBySide<V>(j, stride_)));
    }
    for (int64_t half = kLanes / 2; half > 0; half /= 2) {
      for (int64_t i = 0; i + half < used; ++i) lanes[i] = combine(lanes[i], lanes[i + half]);
      if (used > half) used = half;
    }
    return lanes[0];
  }

  int64_t n_, stride_;
};

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
