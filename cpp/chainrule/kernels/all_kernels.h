// Everything that is compiled once for each CPU target, and the one symbol with which a target shows it: its tables.
// Nothing else here may have external linkage: a function that two targets share by name would run on every CPU with
// the instructions of one of them.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/all_targets.h"
#include "chainrule/kernels/costs.h"
#include "chainrule/kernels/elementary.h"
#include "chainrule/kernels/elementwise.h"
#include "chainrule/kernels/gradient.h"
#include "chainrule/kernels/map.h"
#include "chainrule/kernels/narrow.h"
#include "chainrule/kernels/peak.h"
#include "chainrule/kernels/product.h"
#include "chainrule/kernels/stages.h"
#include "chainrule/kernels/weights.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

template <class T>
constexpr ElementaryTable<T> make_elementary_table() {
  ElementaryTable<T> table{};
  table.exp = map<T, exp>;
  table.expm1 = map<T, expm1>;
  table.log = map<T, log>;
  table.log1p = map<T, log1p>;
  table.tanh = map<T, tanh>;
  table.sigmoid = map<T, sigmoid>;
  table.softplus = map<T, softplus>;
  return table;
}

template <class T>
constexpr KernelTable<T> make_kernel_table() {
  using V = Vec<T>;
  KernelTable<T> table{};
  table.panel_width = static_cast<int>(kPanelWidth<V>);
  table.vector_width = V::kWidth;
  table.multiply_panel = multiply_panel<V>;
  table.multiply_row = multiply_row<V>;
  table.copy_block = copy_block<V>;
  table.transpose_block = transpose_block<V>;
  table.activate = activate<V>;
  table.activation_backward = activation_backward<V>;
  table.costs = costs<V>;
  table.cost_backward = cost_backward<V>;
  table.stage_forward = stage_forward<V>;
  table.stage_backward = stage_backward<V>;
  table.stage_gradient = stage_gradient<V>;
  table.sum_over_batch = sum_over_batch<V>;
  table.sum_rows = sum_rows<V>;
  table.narrow_pass = narrow_pass<V>;
  table.one_sample = make_sample_kernels<V>();
  table.all_finite = all_finite<V>;
  table.sum_of_squares = sum_of_squares<V>;
  table.largest_magnitude = largest_magnitude<V>;
  table.transform_gradient = transform_gradient<V>;
  table.axpby = axpby<V>;
  table.update = update<V>;
  table.penalties = penalties<V>;
  table.add_penalty_slopes = add_penalty_slopes<V>;
  table.column_squares = column_squares<V>;
  table.scale_columns = scale_columns<V>;
  table.multiply_adds_per_round = kChains<V> * V::kWidth;
  table.multiply_add = multiply_add<V>;
  return table;
}

template <class T>
constexpr TablesOf<T> make_tables() {
  return {make_elementary_table<T>(), make_kernel_table<T>()};
}

}  // namespace

extern const TargetTables kTables;
const TargetTables kTables = {make_tables<float>(), make_tables<double>()};

}  // namespace chainrule::CHAINRULE_TARGET
