// a = z where z > 0, else slope z
// Maas, Hannun, Ng: "Rectifier nonlinearities improve neural network acoustic models", ICML 2013, section 2
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/slope_reads.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct LeakyRelu {
  static constexpr const char* kName = "leaky_relu";
  static constexpr const char* kElsewhere[] = {"lrelu", "leaky_rectifier"};
  static constexpr Parameter kParameters[] = {
      {"slope", 0.01, Allowed::kNotNegative, "of the activation below 0"}};
  static constexpr bool kElementwise = true;
  // a has the sign of z; where the slope below 0 is 0, a is 0 there, and the slope of 0 is that below it.
  static constexpr SlopeReads kSlopeReads = SlopeReads::kA;
  static constexpr MaxError kMaxError = {1.5, 0.5};

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* numbers)
        : slope_(V::set(static_cast<typename V::Number>(numbers[0]))) {}

    // A NaN stays a NaN, so that a diverged network is noticed.
    V forward(V z) const { return select(z > V::zero(), z, slope_ * z); }

    // That of the side below at the kink
    V slope(V a) const { return select(a > V::zero(), V::set(1), slope_); }

   private:
    V slope_;
  };
};

}  // namespace chainrule
