// A row of a matrix in panels, for the formulas that take a Row. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/product.h"
#include "chainrule/kernels/rows.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// A place in the row, `offset` elements from its first; of_vector() reads a contiguous vector there.
template <class V>
struct PanelAt {
  using T = typename V::Number;
  int64_t j, offset;
  CHAINRULE_INLINE V operator()(const T* row) const { return V::load(row + offset); }
  CHAINRULE_INLINE V of_vector(const T* vector) const { return V::load(vector + j); }
  CHAINRULE_INLINE void put(T* row, V values) const { values.store(row + offset); }
};

// The place where the row ends: only the first `count` elements of the vector are there, the others read as 0.
template <class V>
struct PanelAtEnd {
  using T = typename V::Number;
  int64_t j, offset;
  int count;
  CHAINRULE_INLINE V operator()(const T* row) const { return V::load_first(row + offset, count); }
  CHAINRULE_INLINE V of_vector(const T* vector) const { return V::load_first(vector + j, count); }
  CHAINRULE_INLINE void put(T* row, V values) const { values.store_first(row + offset, count); }
};

template <class V>
class PanelRow {
 public:
  using T = typename V::Number;

  PanelRow(int64_t n, int64_t panel_stride) : n_(n), panel_stride_(panel_stride) {}

  T count() const { return static_cast<T>(n_); }

  template <class Body>
  CHAINRULE_INLINE void for_each(Body&& body) const {
    int64_t j = 0;
    for (; j + V::kWidth <= n_; j += V::kWidth) body(PanelAt<V>{j, offset(j)});
    if (j < n_) body(PanelAtEnd<V>{j, offset(j), static_cast<int>(n_ - j)});
  }

  // In the fixed order of kernels/lanes.h.
  template <class Term>
  CHAINRULE_INLINE T sum(Term&& term) const {
    return lane_sum<T>(n_, [&](int64_t j, int64_t n) {
      return n == V::kWidth ? term(PanelAt<V>{j, offset(j)})
                            : term(PanelAtEnd<V>{j, offset(j), static_cast<int>(n)});
    });
  }

 private:
  CHAINRULE_INLINE int64_t offset(int64_t j) const {
    return j / kPanelWidth<V> * panel_stride_ + j % kPanelWidth<V>;
  }

  int64_t n_, panel_stride_;
};

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
