// Cauchy's loss: C_i = (1/n) sum_j delta^2 / 2 ln(1 + ((s_j - y_j) / delta)^2), which grows slower the larger an error is
// Barron: "A general and adaptive robust loss function", CVPR 2019, equation 3
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/targets.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct Cauchy {
  static constexpr const char* kName = "cauchy";
  static constexpr const char* kElsewhere[] = {"lorentzian"};
  static constexpr Parameter kParameters[] = {
      {"delta", 1.0, Allowed::kPositive, "error from which on the slope falls"}};
  static constexpr TargetKind kTargets = TargetKind::kReal;
  using PairedActivation = void;
  static constexpr bool kElementwise = true;

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* numbers)
        : delta_(V::set(static_cast<Number>(numbers[0]))),
          half_square_(V::set(static_cast<Number>(numbers[0] * numbers[0] / 2))) {}

    V value(V s, V y) const { return half_square_ * log1p(square((s - y) / delta_)); }

    // e / (1 + (e / delta)^2)
    V slope(V s, V y) const { return (s - y) / (V::set(1) + square((s - y) / delta_)); }

   private:
    using Number = typename V::Number;

    static V square(V v) { return v * v; }

    V delta_, half_square_;
  };
};

}  // namespace chainrule
