// a = z / sqrt(1 + alpha z^2), which lies between -1 / sqrt(alpha) and 1 / sqrt(alpha)
// Carlile, Delamarter, Kinney, Marti, Whitney: "Improving deep learning by inverse square root linear units (ISRLUs)",
// arXiv 1710.09967, section 3
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
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
  static constexpr MaxError kMaxError = {2.5, 4};

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* numbers)
        : alpha_(V::set(static_cast<typename V::Number>(numbers[0]))) {}

    CHAINRULE_INLINE V forward(V z) const { return bounded(z) / root(z); }

    // f'(z) = 1 / sqrt(1 + alpha z^2)^3
    CHAINRULE_INLINE V slope(V z) const {
      const V each = root(z);
      return V::set(1) / (each * each * each);
    }

   private:
    // Far from 0 the activation has its limit, and the square of z overflows.
    CHAINRULE_INLINE V bounded(V z) const {
      const V limit = V::set(typename V::Number(0x1p40));
      return min(limit, max(-limit, z));
    }
    CHAINRULE_INLINE V root(V z) const {
      const V each = bounded(z);
      return sqrt(fma(alpha_ * each, each, V::set(1)));
    }

    V alpha_;
  };
};

}  // namespace chainrule
