// What is done to weights beside an optimizer's step: penalties and their slopes, the norms of columns. Compiled for every CPU
// target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/kernels/stages.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// The sum of term(w) over a row in panels, in the lanes of kernels/lanes.h. Whole panels go one after the other, so that a
// place is computed for each of them only; of narrow ones several, as many as have all the lanes.
template <class V, class Term, class T = typename V::Number>
CHAINRULE_INLINE T sum_in_panels(const T* row, int64_t cols, int64_t panel_stride, Term term) {
  constexpr int64_t kPanel = kPanelWidth<V>, kLanes = Lanes<T>::kCount;
  constexpr int64_t kAtOnce = kPanel > kLanes ? kPanel : kLanes;
  const auto place = [&](int64_t j) { return row + j / kPanel * panel_stride + j % kPanel; };
  Lanes<T> lanes;
  for (V& part : lanes.parts) part = V::zero();
  for (; cols >= kAtOnce; cols -= kAtOnce, row += kAtOnce / kPanel * panel_stride) {
    for (int64_t j = 0; j < kAtOnce; j += V::kWidth) {
      V& part = lanes.parts[j % kLanes / V::kWidth];
      part = part + term(V::load(place(j)));
    }
  }
  for (int64_t j = 0; j < cols; j += V::kWidth) {
    V& part = lanes.parts[j % kLanes / V::kWidth];
    part = part + term(load_part(place(j), cols - j));
  }
  return fold_sum(lanes.fold([](V a, V b) { return a + b; }));
}

template <class V>
void penalties(const WeightRows<typename V::Number>& rows, double l1, double l2, double* sums) {
  const auto* w = rows.first;
  const auto sum = [&](auto term) {
    return static_cast<double>(sum_in_panels<V>(w, rows.cols, rows.panel_stride, term));
  };
  for (int64_t i = 0; i < rows.rows; ++i, w += rows.row_stride) {
    sums[i] = 0;
    if (l1 != 0) sums[i] = l1 * sum([](V weight) { return abs(weight); });
    if (l2 != 0) sums[i] += l2 * sum([](V weight) { return weight * weight; });
  }
}

template <class V>
void add_penalty_slopes(typename V::Number l1, typename V::Number l2, const typename V::Number* w,
                        int64_t w_stride, int64_t rows, int64_t cols, typename V::Number* gradient,
                        int64_t gradient_stride) {
  const V zero = V::zero(), size = V::set(l1), twice_l2 = V::set(l2 + l2);
  for (int64_t i = 0; i < rows; ++i, w += w_stride, gradient += gradient_stride) {
    if (l1 == 0) {
      Row<V>(cols).for_each([&](auto at) { at.put(gradient, fma(twice_l2, at(w), at(gradient))); });
      continue;
    }
    Row<V>(cols).for_each([&](auto at) {
      const V weight = at(w);
      const V slope = select(weight == zero, zero, copy_sign(size, weight));
      at.put(gradient, fma(twice_l2, weight, at(gradient) + slope));
    });
  }
}

template <class V>
void column_squares(const typename V::Number* w, int64_t rows, int64_t cols, int64_t stride,
                    typename V::Number* sums) {
  Row<V>(cols).for_each([&](auto at) {
    V sum = V::zero();
    const auto* row = w;
    for (int64_t i = 0; i < rows; ++i, row += stride) sum = fma(at(row), at(row), sum);
    at.put(sums, sum);
  });
}

template <class V>
void scale_columns(typename V::Number* w, int64_t rows, int64_t cols, int64_t stride,
                   const typename V::Number* factors) {
  Row<V>(cols).for_each([&](auto at) {
    const V factor = at(factors);
    auto* row = w;
    for (int64_t i = 0; i < rows; ++i, row += stride) at.put(row, at(row) * factor);
  });
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
