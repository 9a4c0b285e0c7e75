// Cross-entropy of yes/no outputs in which what is certain counts little: C_i = (1/n) sum_j alpha_t (1 - p_t)^gamma ce_j,
// ce the cross-entropy, p_t = y s + (1 - y)(1 - s), alpha_t = y alpha + (1 - y)(1 - alpha)
// Lin, Goyal, Girshick, He, Dollar: "Focal loss for dense object detection", ICCV 2017; torchvision's sigmoid_focal_loss.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/sigmoid.h"
#include "chainrule/losses/options.h"
#include "chainrule/losses/targets.h"

namespace chainrule {

struct Focal {
  static constexpr const char* kName = "focal";
  static constexpr const char* kElsewhere[] = {"focal_loss", "sigmoid_focal_loss",
                                               "binary_focal_crossentropy"};
  static constexpr Parameter kParameters[] = {
      {"gamma", 2.0, Allowed::kNotNegative, "the larger, the less what is certain counts"},
      {"alpha", 0.25, Allowed::kPositiveFraction, "how much a yes counts; a no counts 1 - alpha"},
      kLogits,
      kMaskNan};
  static constexpr TargetKind kTargets = TargetKind::kUnitInterval;
  using PairedActivation = Sigmoid;
  static constexpr bool kElementwise = true;

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* numbers)
        : gamma_(set(numbers[0])), yes_(set(numbers[1])), no_(set(1 - numbers[1])) {}

    V paired_value(V z, V y) const {
      const Parts parts(z, y);
      return (no_ + (yes_ - no_) * y) * power(parts.doubt) * parts.cross_entropy;
    }

    // With q = 1 - p_t: alpha_t q^gamma (s - y - gamma (2 y - 1) ce s (1 - s) / q)
    V paired_slope(V z, V /*s*/, V y) const {
      const Parts parts(z, y);
      const V one = V::set(1);
      const V of_power = gamma_ * (y + y - one) * parts.cross_entropy *
                         (parts.s * parts.rest / max(tiny(), parts.doubt));
      return (no_ + (yes_ - no_) * y) * power(parts.doubt) *
             (parts.s * (one - y) - parts.rest * y - of_power);
    }

    V slope(V s, V y) const {
      const V one = V::set(1), rest = one - s;
      const V doubt = s * (one - y) + rest * y;
      const V cross_entropy = -(y * log(max(tiny(), s)) + (one - y) * log(max(tiny(), rest)));
      const V of_power = gamma_ * (y + y - one) * cross_entropy / max(tiny(), doubt);
      return (no_ + (yes_ - no_) * y) * power(doubt) *
             ((one - y) * slope_of_log(rest) - y * slope_of_log(s) - of_power);
    }

   private:
    using Number = typename V::Number;

    static V set(double number) { return V::set(static_cast<Number>(number)); }
    static V tiny() { return V::set(std::numeric_limits<Number>::min()); }

    // s, 1 - s, 1 - p_t and ce from one exponential: each keeps its digits however near to 0 it is.
    struct Parts {
      V s, rest, doubt, cross_entropy;

      Parts(V z, V y) {
        const V one = V::set(1), zero = V::zero(), small = exp(-abs(z));
        const V larger = one / (one + small), smaller = small / (one + small);
        const auto yes = z > zero;
        s = select(yes, larger, smaller);
        rest = select(yes, smaller, larger);
        doubt = s * (one - y) + rest * y;
        cross_entropy = log1p(small) + (max(z, zero) - y * z);
      }
    };

    // q^gamma; 0^0 is 1
    V power(V q) const { return exp(gamma_ * log(max(tiny(), q))); }

    V gamma_, yes_, no_;
  };
};

}  // namespace chainrule
