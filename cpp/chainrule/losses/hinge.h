// The hinge loss of the support vector machine: C_i = (1/n) sum_j max(0, 1 - y_j s_j), y_j either -1 or 1
// Cortes, Vapnik: "Support-vector networks", Machine Learning 20 (1995); scikit-learn's hinge_loss.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/options.h"
#include "chainrule/losses/outputs.h"
#include "chainrule/losses/targets.h"

namespace chainrule {

struct Hinge {
  static constexpr const char* kName = "hinge";
  static constexpr const char* kElsewhere[] = {"hinge_loss", "svm", "max_margin"};
  static constexpr Parameter kParameters[] = {kMaskNan};
  static constexpr TargetKind kTargets = TargetKind::kSigns;
  using PairedActivation = void;
  using Outputs = OutputsOf<Identity, Tanh>;
  static constexpr bool kElementwise = true;

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    V value(V s, V y) const { return max(V::zero(), V::set(1) - y * s); }

    // -y_j below the margin, 0 at it and beyond it. A NaN stays a NaN.
    V slope(V s, V y) const {
      const V margin = V::set(1) - y * s;
      return select(margin > V::zero(), -y, select(margin <= V::zero(), V::zero(), margin));
    }
  };
};

}  // namespace chainrule
