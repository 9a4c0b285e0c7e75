// C_i = (1/n) sum_j ln cosh(s_j - y_j): half the squared error near 0, and |s_j - y_j| - ln 2 far from it.
// Chen, Gu, Chen, Fan: "Log hyperbolic cosine loss improves variational auto-encoder", 2019, section 3; Keras' LogCosh.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/options.h"
#include "chainrule/losses/targets.h"

namespace chainrule {

struct LogCosh {
  static constexpr const char* kName = "log_cosh";
  static constexpr const char* kElsewhere[] = {"logcosh", "log_cosh_loss"};
  static constexpr Parameter kParameters[] = {kMaskNan};
  static constexpr TargetKind kTargets = TargetKind::kReal;
  using PairedActivation = void;
  static constexpr bool kElementwise = true;

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    // Near 0, with u = e^|e| - 1, cosh e - 1 = u^2 / (2 (1 + u)), so that nothing cancels. Far from it
    // |e| - ln 2 + ln(1 + e^(-2 |e|)), so that nothing overflows. One exponential and one logarithm serve both.
    V value(V s, V y) const {
      const V x = abs(s - y), one = V::set(1);
      const auto near = x < one;
      const V u = expm1(select(near, x, V::set(-2) * x));
      const V within = select(near, u * u / (V::set(2) * (one + u)), one + u);
      return log1p(within) + select(near, V::zero(), x - V::set(kLn2));
    }

    V slope(V s, V y) const { return tanh(s - y); }

   private:
    static constexpr typename V::Number kLn2 = typename V::Number(0x1.62e42fefa39efp-1);
  };
};

}  // namespace chainrule
