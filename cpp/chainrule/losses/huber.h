// Huber's loss: C_i = (1/n) sum_j h(s_j - y_j), h(e) = e^2 / 2 up to delta, and beyond it delta (|e| - delta / 2)
// Huber: "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964); PyTorch's HuberLoss.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/options.h"
#include "chainrule/losses/targets.h"

namespace chainrule {

struct Huber {
  static constexpr const char* kName = "huber";
  static constexpr const char* kElsewhere[] = {"smooth_l1", "huber_loss"};
  static constexpr Parameter kParameters[] = {
      {"delta", 1.0, Allowed::kPositive, "error from which on the cost grows linearly"}, kMaskNan};
  static constexpr TargetKind kTargets = TargetKind::kReal;
  using PairedActivation = void;
  static constexpr bool kElementwise = true;

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* numbers)
        : delta_(V::set(static_cast<typename V::Number>(numbers[0]))) {}

    // With the error cut off at delta: m = min(|e|, delta), h = m (|e| - m / 2). A NaN stays a NaN.
    V value(V s, V y) const {
      const V error = abs(s - y), within = select(error > delta_, delta_, error);
      return within * (error - V::set(kHalf) * within);
    }
    V slope(V s, V y) const {
      const V error = s - y;
      return select(error > delta_, delta_, select(error < -delta_, -delta_, error));
    }

   private:
    static constexpr typename V::Number kHalf = typename V::Number(0.5);
    V delta_;
  };
};

}  // namespace chainrule
