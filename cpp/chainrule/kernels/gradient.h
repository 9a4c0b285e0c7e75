// Sums over a gradient, and the transforms' formulas on it. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/kernels/rows.h"
#include "chainrule/kernels/visit.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

template <class V>
typename V::Number sum_of_squares(const typename V::Number* gradient, int64_t count,
                                  typename V::Number scale) {
  return Row<V>(count).sum([&](auto at) {
    const V scaled = at(gradient) * V::set(scale);
    return scaled * scaled;
  });
}

template <class V>
typename V::Number largest_magnitude(const typename V::Number* gradient, int64_t count) {
  return Row<V>(count).max([&](auto at) { return abs(at(gradient)); });
}

template <class V>
void transform_gradient(const GradientStep<typename V::Number>& step, typename V::Number* gradient,
                        int64_t count) {
  visit(step.transform, GradientTransforms(), [&](auto member) {
    const typename decltype(member)::type::template Formula<V> formula(step.constants);
    Row<V>(count).for_each([&](auto at) { at.put(gradient, formula(at(gradient))); });
  });
}

template <class V>
void axpby(typename V::Number alpha, const typename V::Number* x, typename V::Number beta,
           typename V::Number* y, int64_t count) {
  axpby_row<V>(alpha, x, beta, y, count);
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
