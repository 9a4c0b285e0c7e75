// Cross-entropy of independent yes/no outputs: C_i = -(1/n) sum_j (y_j ln s_j + (1 - y_j) ln(1 - s_j))
// Bishop: Pattern Recognition and Machine Learning (2006), section 4.3.2
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/sigmoid.h"
#include "chainrule/losses/targets.h"

namespace chainrule {

struct BinaryCrossEntropy {
  static constexpr const char* kName = "binary_cross_entropy";
  static constexpr const char* kElsewhere[] = {"bce", "binary_crossentropy", "logistic", "log_loss",
                                               "sigmoid_cross_entropy"};
  static constexpr TargetKind kTargets = TargetKind::kUnitInterval;
  using PairedActivation = Sigmoid;
  static constexpr bool kHasPair = true;

  // dC_i/ds_j = ((1 - y_j) / (1 - s_j) - y_j / s_j) / n, times the share of the sample in the batch
  template <class Row, class T>
  static void gradient(Row row, const T* s, const T* y, typename Row::Scalar share, T* dC_ds) {
    using V = typename Row::Vector;
    const V factor = row.all(share / row.count()), one = V::set(1);
    row.for_each([&](auto at) {
      const V yes = at(y), no = one - yes;
      at.put(dC_ds, factor * (no * slope_of_log(one - at(s)) - yes * slope_of_log(at(s))));
    });
  }

  // From z: C_i = (1/n) sum_j (ln(1 + e^z_j) - y_j z_j), without overflow or cancellation
  template <class Row, class T>
  static typename Row::Scalar paired_cost(Row row, const T* z, const T* y) {
    using V = typename Row::Vector;
    const auto sum = row.sum([&](auto at) {
      const V z_j = at(z);
      return log1p(exp(-abs(z_j))) + (max(z_j, V::zero()) - at(y) * z_j);
    });
    return sum / row.count();
  }

  // delta_j = (s_j - y_j) / n, times the share of the sample in the batch
  template <class Row, class T>
  static void paired_delta(Row row, const T* s, const T* y, typename Row::Scalar share, T* delta) {
    const auto factor = row.all(share / row.count());
    row.for_each([&](auto at) { at.put(delta, factor * (at(s) - at(y))); });
  }
};

}  // namespace chainrule
