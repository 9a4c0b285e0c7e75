// Mean squared error: C_i = (1/n) sum_j (s_j - y_j)^2
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/options.h"
#include "chainrule/losses/targets.h"

namespace chainrule {

struct Mse {
  static constexpr const char* kName = "mse";
  static constexpr const char* kElsewhere[] = {"mean_squared_error", "squared_error", "l2",
                                               "quadratic"};
  static constexpr Parameter kParameters[] = {kMaskNan};
  static constexpr TargetKind kTargets = TargetKind::kReal;
  using PairedActivation = void;
  static constexpr bool kElementwise = true;

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    V value(V s, V y) const {
      const V error = s - y;
      return error * error;
    }
    V slope(V s, V y) const { return V::set(2) * (s - y); }
  };
};

}  // namespace chainrule
