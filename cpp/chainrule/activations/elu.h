// a = z where z > 0, else alpha (e^z - 1)
// Clevert, Unterthiner, Hochreiter: "Fast and accurate deep network learning by exponential linear units (ELUs)",
// arXiv 1511.07289, equation 15
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/slope_reads.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct Elu {
  static constexpr const char* kName = "elu";
  static constexpr const char* kElsewhere[] = {"exponential_linear_unit"};
  static constexpr Parameter kParameters[] = {
      {"alpha", 1.0, Allowed::kNotNegative, "-alpha is the limit of the activation below 0"}};
  static constexpr bool kElementwise = true;
  // a has the sign of z; where alpha is 0, a is 0 below 0, and the slope of 0 is that below it.
  static constexpr SlopeReads kSlopeReads = SlopeReads::kA;
  static constexpr MaxError kMaxError = {2, 1};

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* numbers)
        : alpha_(V::set(static_cast<typename V::Number>(numbers[0]))) {}

    V forward(V z) const { return select(z > V::zero(), z, alpha_ * expm1(z)); }

    // f'(z) = alpha e^z = a + alpha below 0, and at the kink
    V slope(V a) const { return select(a > V::zero(), V::set(1), a + alpha_); }

   private:
    V alpha_;
  };
};

}  // namespace chainrule
