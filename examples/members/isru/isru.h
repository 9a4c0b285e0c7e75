// a = z / sqrt(1 + alpha z^2), which lies between -1 / sqrt(alpha) and 1 / sqrt(alpha)
// Carlile, Delamarter, Kinney, Marti, Whitney: "Improving deep learning by inverse square root linear units (ISRLUs)",
// arXiv 1710.09967, section 3
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/slope_reads.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct Isru {
  static constexpr const char* kName = "isru";
  static constexpr const char* kElsewhere[] = {"inverse_square_root_unit"};
  static constexpr Parameter kParameters[] = {
      {"alpha", 1.0, Allowed::kNotNegative, "1 / alpha is the square of the largest activation"}};
  static constexpr bool kElementwise = true;
  // a / z would do, but for z = 0.
  static constexpr SlopeReads kSlopeReads = SlopeReads::kZ;

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* numbers)
        : alpha_(V::set(static_cast<typename V::Number>(numbers[0]))) {}

    V forward(V z) const { return z / root(z); }

    // f'(z) = 1 / sqrt(1 + alpha z^2)^3
    V slope(V z) const {
      const V each = root(z);
      return V::set(1) / (each * each * each);
    }

   private:
    V root(V z) const { return sqrt(fma(alpha_ * z, z, V::set(1))); }

    V alpha_;
  };
};

}  // namespace chainrule
