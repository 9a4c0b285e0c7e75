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
  static constexpr bool kElementwise = true;

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    // From z: ln(1 + e^z_j) - y_j z_j, without overflow or cancellation
    V paired_value(V z, V y) const { return log1p(exp(-abs(z))) + (max(z, V::zero()) - y * z); }

    // d/dz_j = s_j - y_j
    V paired_slope(V s, V y) const { return s - y; }

    // d/ds_j = (1 - y_j) / (1 - s_j) - y_j / s_j
    V slope(V s, V y) const {
      const V one = V::set(1), no = one - y;
      return no * slope_of_log(one - s) - y * slope_of_log(s);
    }
  };
};

}  // namespace chainrule
