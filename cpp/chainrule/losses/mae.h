// Mean absolute error: C_i = (1/n) sum_j |s_j - y_j|; PyTorch's L1Loss.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/options.h"
#include "chainrule/losses/targets.h"

namespace chainrule {

struct Mae {
  static constexpr const char* kName = "mae";
  static constexpr const char* kElsewhere[] = {"mean_absolute_error", "absolute_error", "l1"};
  static constexpr Parameter kParameters[] = {kMaskNan};
  static constexpr TargetKind kTargets = TargetKind::kReal;
  using PairedActivation = void;
  static constexpr bool kElementwise = true;

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    V value(V s, V y) const { return abs(s - y); }

    // The sign of the error, 0 where it is 0. A NaN stays a NaN.
    V slope(V s, V y) const {
      const V error = s - y;
      return select(error > V::zero(), V::set(1), select(error < V::zero(), V::set(-1), error));
    }
  };
};

}  // namespace chainrule
