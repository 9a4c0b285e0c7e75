// Cross-entropy of independent yes/no outputs: C_i = -(1/n) sum_j (p_j y_j ln s_j + (1 - y_j) ln(1 - s_j)), p_j = 1 unless
// pos_weight is given
// Bishop: Pattern Recognition and Machine Learning (2006), section 4.3.2; PyTorch's BCEWithLogitsLoss.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/sigmoid.h"
#include "chainrule/losses/options.h"
#include "chainrule/losses/targets.h"

namespace chainrule {

struct BinaryCrossEntropy {
  static constexpr const char* kName = "binary_cross_entropy";
  static constexpr const char* kElsewhere[] = {"bce", "binary_crossentropy", "logistic", "log_loss",
                                               "sigmoid_cross_entropy"};
  static constexpr Parameter kParameters[] = {kLabelSmoothing, kLogits, kMaskNan};
  static constexpr Parameter kLists[] = {kPosWeight};
  static constexpr TargetKind kTargets = TargetKind::kUnitInterval;
  using PairedActivation = Sigmoid;
  static constexpr bool kElementwise = true;
  static constexpr OfOutputs kOfOutputs = OfOutputs::kWhereGiven;

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    // From z: ln(1 + e^z_j) - y_j z_j, without overflow or cancellation
    V paired_value(V z, V y) const { return of_softplus(softplus_less_max(z), z, y); }
    V paired_value(V z, V y, V p) const {
      const V small = softplus_less_max(z);
      return of_softplus(small, z, y) + (p - V::set(1)) * y * (small + max(-z, V::zero()));
    }

    // d/dz_j = s_j - y_j
    V paired_slope(V /*z*/, V s, V y) const { return s - y; }
    V paired_slope(V /*z*/, V s, V y, V p) const {
      return (s - y) - (p - V::set(1)) * y * (V::set(1) - s);
    }

    // d/ds_j = (1 - y_j) / (1 - s_j) - y_j / s_j
    V slope(V s, V y) const {
      const V one = V::set(1), no = one - y;
      return no * slope_of_log(one - s) - y * slope_of_log(s);
    }
    V slope(V s, V y, V p) const { return slope(s, y) - (p - V::set(1)) * y * slope_of_log(s); }

   private:
    // ln(1 + e^-|z|), which is ln(1 + e^z) - max(z, 0) and ln(1 + e^-z) - max(-z, 0)
    static V softplus_less_max(V z) { return log1p(exp(-abs(z))); }
    static V of_softplus(V small, V z, V y) { return small + (max(z, V::zero()) - y * z); }
  };
};

}  // namespace chainrule
