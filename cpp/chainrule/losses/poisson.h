// Negative log-likelihood of counts y whose means are s, without what depends on y alone:
// C_i = (1/n) sum_j (s_j - y_j ln(s_j + eps)); with logits, s = e^z: C_i = (1/n) sum_j (e^z_j - y_j z_j)
// McCullagh, Nelder: Generalized Linear Models (1989), section 6.2; PyTorch's PoissonNLLLoss.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/options.h"
#include "chainrule/losses/outputs.h"
#include "chainrule/losses/targets.h"

namespace chainrule {

struct Poisson {
  static constexpr const char* kName = "poisson";
  static constexpr const char* kElsewhere[] = {"poisson_nll", "poisson_nll_loss",
                                               "poisson_deviance"};
  static constexpr Parameter kParameters[] = {
      {"eps", 1e-8, Allowed::kPositive, "keeps the logarithm finite, where there are no logits"},
      kLogits,
      kMaskNan};
  static constexpr TargetKind kTargets = TargetKind::kNotNegative;
  using PairedActivation = void;
  using Outputs = PositiveOutputs;
  static constexpr bool kElementwise = true;

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* numbers)
        : eps_(V::set(static_cast<typename V::Number>(numbers[0]))) {}

    V value(V s, V y) const { return s - y * log(s + eps_); }
    V slope(V s, V y) const { return V::set(1) - y / (s + eps_); }

    V logits_value(V z, V y) const { return exp(z) - y * z; }
    V logits_slope(V z, V y) const { return exp(z) - y; }

   private:
    V eps_;
  };
};

}  // namespace chainrule
