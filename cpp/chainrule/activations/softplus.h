// a = ln(1 + e^(beta z)) / beta, and z where beta z > threshold, which is the same but for e^-threshold / beta
// Dugas, Bengio, Belisle, Nadeau, Garcia: "Incorporating second-order functional knowledge for better option pricing",
// NIPS 2000, equation 3; the threshold is PyTorch's.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/output_range.h"
#include "chainrule/activations/slope_reads.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct Softplus {
  static constexpr const char* kName = "softplus";
  static constexpr const char* kElsewhere[] = {"smooth_relu"};
  static constexpr Parameter kParameters[] = {
      {"beta", 1.0, Allowed::kPositive, "how sharp the bend at 0 is"},
      {"threshold", 20.0, Allowed::kNotNegative, "of beta z, from which on a = z"}};
  static constexpr bool kElementwise = true;
  // 1 - e^(-beta a) would need an exponential of its own, and is 0 where the slope is small.
  static constexpr SlopeReads kSlopeReads = SlopeReads::kZ;
  static constexpr OutputRange kOutputs{0, OutputRange().highest, false};
  static constexpr MaxError kMaxError = {6, 2};

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* numbers)
        : beta_(V::set(static_cast<Number>(numbers[0]))),
          one_over_beta_(V::set(static_cast<Number>(1 / numbers[0]))),
          threshold_(V::set(static_cast<Number>(numbers[1]))) {}

    // max(z, 0) + ln(1 + u) / beta, which is z where u is 0
    CHAINRULE_INLINE V forward(V z) const {
      const auto parts = softplus_parts(small_power(beta_ * z));
      return fma(parts.s * parts.sum, one_over_beta_, select(z > V::zero(), z, V::zero()));
    }

    // f'(z) = 1 / (1 + e^(-beta z))
    CHAINRULE_INLINE V slope(V z) const {
      const V u = small_power(beta_ * z), sigmoid = softplus_parts(u).sigmoid;
      return select(z > V::zero(), sigmoid, u * sigmoid);
    }

   private:
    using Number = typename V::Number;

    // u = e^-|x|, or 0 beyond the threshold
    CHAINRULE_INLINE V small_power(V x) const {
      return select(x > threshold_, V::zero(), exp_below_one(-abs(x)));
    }

    V beta_, one_over_beta_, threshold_;
  };
};

}  // namespace chainrule
