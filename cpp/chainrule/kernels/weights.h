// What is done to weights beside an optimizer's step: penalties and their slopes, the norms of columns. Compiled for every CPU
// target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/kernels/stages.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

template <class V>
void penalties(const WeightRows<typename V::Number>& rows, typename V::Number l1,
               typename V::Number l2, double* sums) {
  const Row<V, false, InPanels<V>> row(rows.cols, {rows.panel_stride});
  const auto* w = rows.first;
  for (int64_t i = 0; i < rows.rows; ++i, w += rows.row_stride) {
    sums[i] = static_cast<double>(row.sum([&](auto at) {
      const V magnitude = abs(at(w));
      return magnitude * fma(V::set(l2), magnitude, V::set(l1));
    }));
  }
}

template <class V>
void add_penalty_slopes(typename V::Number l1, typename V::Number l2, const typename V::Number* w,
                        int64_t w_stride, int64_t rows, int64_t cols, typename V::Number* gradient,
                        int64_t gradient_stride) {
  const V zero = V::zero(), up = V::set(l1), down = V::set(-l1), twice_l2 = V::set(l2 + l2);
  for (int64_t i = 0; i < rows; ++i, w += w_stride, gradient += gradient_stride) {
    Row<V>(cols).for_each([&](auto at) {
      const V weight = at(w);
      const V sign = select(zero < weight, up, select(weight < zero, down, zero));
      at.put(gradient, at(gradient) + fma(twice_l2, weight, sign));
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
