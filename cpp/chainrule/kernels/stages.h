// Stages between dense layers over the rows of a batch, and the gradients of what they train. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/product.h"
#include "chainrule/kernels/rows.h"
#include "chainrule/kernels/stage_rows.h"
#include "chainrule/kernels/visit.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// A place in a row in panels, which begins with element j.
template <class AnyAt, class V>
struct InPanel {
  AnyAt at;
  int64_t j;
  CHAINRULE_INLINE V operator()(const typename V::Number* row) const { return at(row); }
  CHAINRULE_INLINE void put(typename V::Number* row, V values) const { at.put(row, values); }
  // The same elements of a vector that is contiguous.
  CHAINRULE_INLINE V of_vector(const typename V::Number* vector) const {
    AnyAt same = at;
    same.j = j;
    return same(vector);
  }
};

// Of a row in panels; a contiguous one has them kPanelWidth apart.
template <class V>
struct InPanels {
  int64_t panel_stride;
  template <class AnyAt>
  CHAINRULE_INLINE InPanel<AnyAt, V> place(AnyAt at, int64_t j) const {
    return {at, j};
  }
  CHAINRULE_INLINE int64_t offset(int64_t j) const {
    return j / kPanelWidth<V> * panel_stride + j % kPanelWidth<V>;
  }
};

// Calls body(formula, row, values, noise) for every sample.
template <class V, class Body>
void for_samples_of_stage(const StageRows<typename V::Number>& rows, Body&& body) {
  visit_formula<V>(rows.stage, [&](auto, const auto& formula) {
    const Row<V, false, InPanels<V>> row(rows.cols, {rows.panel_stride});
    for (int64_t i = 0; i < rows.rows; ++i) {
      body(formula, row, rows.sample(i), RowNoise(rows.noise, rows.number, rows.first_sample + i));
    }
  });
}

template <class V>
void stage_forward(const StageRows<typename V::Number>& rows) {
  for_samples_of_stage<V>(rows, [](const auto& formula, auto row, const auto& values,
                                   const auto& noise) { formula.forward(row, values, noise); });
}

template <class V>
void stage_backward(const StageRows<typename V::Number>& rows) {
  for_samples_of_stage<V>(rows, [](const auto& formula, auto row, const auto& values,
                                   const auto& noise) { formula.backward(row, values, noise); });
}

template <class V>
void stage_gradient(const StageRows<typename V::Number>& rows, int of, typename V::Number* sum) {
  visit(rows.stage.index, Stages(), [&](auto member) {
    using Member = typename decltype(member)::type;
    if constexpr (TrainedBy<Member>::kAny) {
      using Formula = typename Member::template Formula<V>;
      Row<V>(rows.cols).for_each([&](auto at) {
        V total = V::zero();
        for (int64_t i = 0; i < rows.rows; ++i) {
          const auto values = rows.sample(i);
          total = Formula::add_gradient(of, total, at(values.in), at(values.dC_dout), values.kept);
        }
        at.put(sum, total);
      });
    }
  });
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
