// Mean squared error: C_i = (1/n) sum_j (s_j - y_j)^2
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/targets.h"

namespace chainrule {

struct Mse {
  static constexpr const char* kName = "mse";
  static constexpr const char* kElsewhere[] = {"mean_squared_error", "squared_error", "l2",
                                               "quadratic"};
  static constexpr TargetKind kTargets = TargetKind::kReal;
  using PairedActivation = void;
  static constexpr bool kHasPair = false;

  template <class Row, class T>
  static typename Row::Scalar cost(Row row, const T* s, const T* y) {
    const auto sum = row.sum([&](auto at) {
      const auto error = at(s) - at(y);
      return error * error;
    });
    return sum / row.count();
  }

  // dC_i/ds_j = (2/n) (s_j - y_j), times the share of the sample in the batch
  template <class Row, class T>
  static void gradient(Row row, const T* s, const T* y, typename Row::Scalar share, T* dC_ds) {
    const auto factor = row.all(row.number(2) * share / row.count());
    row.for_each([&](auto at) { at.put(dC_ds, factor * (at(s) - at(y))); });
  }
};

}  // namespace chainrule
