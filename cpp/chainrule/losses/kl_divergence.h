// Divergence of the predicted distribution s from y: C_i = sum_j y_j (ln y_j - ln s_j), with 0 ln 0 = 0
// Kullback, Leibler: "On information and sufficiency", Annals of Mathematical Statistics 22 (1951); PyTorch's KLDivLoss
// with reduction="batchmean".
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/cross_entropy.h"

namespace chainrule {

struct KlDivergence {
  static constexpr const char* kName = "kl_divergence";
  static constexpr const char* kElsewhere[] = {"kl_div", "kld", "kullback_leibler_divergence",
                                               "relative_entropy"};
  static constexpr Parameter kParameters[] = {kLogits};
  static constexpr TargetKind kTargets = TargetKind::kDistribution;
  using PairedActivation = Softmax;
  static constexpr bool kElementwise = false;

  // The cross-entropy, less the entropy of y: the gradients are the same.
  template <class V>
  struct Formula : CrossEntropy::Formula<V> {
    using Base = CrossEntropy::Formula<V>;
    using Base::Base;

    template <class Row, class T>
    typename Row::Scalar paired_cost(Row row, const T* z, const T* y) const {
      return Base::sum_of_terms(
          row, z, y, [](V of_y, V less_log_s) { return of_y * (log(of_y) + less_log_s); });
    }
  };
};

}  // namespace chainrule
