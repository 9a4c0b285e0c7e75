// The costs of rows, and the way from them to dC/ds or delta: the mean over the outputs of a sample, and its share in the
// batch, for every loss. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/rows.h"
#include "chainrule/kernels/visit.h"
#include "chainrule/losses/loss.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// The cost of a row, or of rows side by side.
template <class AnyRow, class T>
CHAINRULE_INLINE typename AnyRow::Scalar cost_of(const Loss& loss, AnyRow row, const T* z,
                                                 const T* s, const T* y) {
  typename AnyRow::Scalar cost = row.number(0);
  visit_formula<typename AnyRow::Vector>(
      loss.choice, [&](auto member, const auto& formula) CHAINRULE_INLINE_LAMBDA {
        using Member = typename decltype(member)::type;
        if constexpr (!Member::kElementwise && kIsPaired<Member>) {
          cost = formula.paired_cost(row, z, y);
        } else if constexpr (!Member::kElementwise) {
          cost = formula.cost(row, s, y);
        } else {
          const auto sum = row.sum([&](auto at) {
            if constexpr (kIsPaired<Member>) {
              return formula.paired_value(at(z), at(y));
            } else {
              return formula.value(at(s), at(y));
            }
          });
          cost = sum / row.count();
        }
      });
  return cost;
}

// dC/ds, or delta where the loss is paired with the output's activation
template <class AnyRow, class T>
CHAINRULE_INLINE void cost_gradient(const Loss& loss, AnyRow row, const T* s, const T* y,
                                    typename AnyRow::Scalar share, T* gradient) {
  visit_formula<typename AnyRow::Vector>(
      loss.choice, [&](auto member, const auto& formula) CHAINRULE_INLINE_LAMBDA {
        using Member = typename decltype(member)::type;
        if constexpr (!Member::kElementwise) {
          if constexpr (kIsPaired<Member>) {
            if (loss.paired) return formula.paired_delta(row, s, y, share, gradient);
          }
          formula.gradient(row, s, y, share, gradient);
        } else {
          const auto factor = row.all(share / row.count());
          if constexpr (kIsPaired<Member>) {
            if (loss.paired) {
              return row.for_each(
                  [&](auto at) { at.put(gradient, factor * formula.paired_slope(at(s), at(y))); });
            }
          }
          // A sample of no weight may be so far off that its slope overflows: it has no part in the gradient.
          const auto none = factor == AnyRow::Vector::zero();
          row.for_each([&](auto at) {
            at.put(gradient, select(none, factor, factor * formula.slope(at(s), at(y))));
          });
        }
      });
}

template <class V>
void costs(const Loss& loss, const typename V::Number* z, const typename V::Number* s,
           const typename V::Number* y, int64_t rows, int64_t cols, int64_t stride, double* costs) {
  for (int64_t i = 0; i < rows; ++i, z += stride, s += stride, y += stride) {
    costs[i] = static_cast<double>(cost_of(loss, Row<V>(cols), z, s, y));
  }
}

template <class V>
void cost_backward(const Loss& loss, const typename V::Number* s, const typename V::Number* y,
                   const typename V::Number* shares, int64_t rows, int64_t cols, int64_t stride,
                   typename V::Number* gradient) {
  for (int64_t i = 0; i < rows; ++i, s += stride, y += stride, gradient += stride) {
    cost_gradient(loss, Row<V>(cols), s, y, shares[i], gradient);
  }
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
