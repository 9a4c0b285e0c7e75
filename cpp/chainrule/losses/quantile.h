// The pinball loss, least where a part tau of all y lies below s: with e = y - s,
// C_i = (1/n) sum_j max(tau_j e_j, (tau_j - 1) e_j)
// Koenker, Bassett: "Regression quantiles", Econometrica 46 (1978), equation 3.1
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/options.h"
#include "chainrule/losses/targets.h"

namespace chainrule {

struct Quantile {
  static constexpr const char* kName = "quantile";
  static constexpr const char* kElsewhere[] = {"pinball", "pinball_loss", "quantile_loss"};
  static constexpr Parameter kParameters[] = {kMaskNan};
  static constexpr Parameter kLists[] = {kQuantiles};
  static constexpr TargetKind kTargets = TargetKind::kReal;
  using PairedActivation = void;
  static constexpr bool kElementwise = true;
  static constexpr OfOutputs kOfOutputs = OfOutputs::kAlways;

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    V value(V s, V y, V tau) const {
      const V error = y - s;
      return select(error > V::zero(), tau, tau - V::set(1)) * error;
    }

    // 0 where s is y. A NaN stays a NaN.
    V slope(V s, V y, V tau) const {
      const V error = y - s;
      return select(error > V::zero(), -tau, select(error < V::zero(), V::set(1) - tau, error));
    }
  };
};

}  // namespace chainrule
