// a = z / 2 (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) = z / (1 + e^-w(z)): almost z Phi(z)
// Hendrycks, Gimpel: "Gaussian error linear units (GELUs)", arXiv 1606.08415, section 2, the first approximation
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct GeluTanh {
  static constexpr const char* kName = "gelu_tanh";
  static constexpr const char* kElsewhere[] = {"gelu_new", "gelu_approximate", "approximate_gelu"};
  static constexpr bool kElementwise = true;
  // Two z below 0 have the same a.
  static constexpr SlopeReads kSlopeReads = SlopeReads::kZ;
  static constexpr MaxError kMaxError = {0.5, 2, 2};

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* /*numbers*/) {}

    CHAINRULE_INLINE V forward(V z) const { return z * distribution(z, square(z)).value; }

    // With p = 1 / (1 + e^-w), f'(z) = p + z p (1 - p) w'(z)
    CHAINRULE_INLINE V slope(V z) const {
      const V z2 = square(z);
      const auto p = distribution(z, z2);
      return fma(z * p.slope, fma(V::set(Number(3 * kCubic)), z2, V::set(Number(kLinear))),
                 p.value);
    }

   private:
    using Number = typename V::Number;
    // w(z) = 2 sqrt(2 / pi) (z + 0.044715 z^3)
    static constexpr double kLinear = 1.5957691216057307117, kCubic = kLinear * 0.044715;

    // p is 0 or 1 long before the limit, and w' stays finite.
    CHAINRULE_INLINE V square(V z) const { return min(V::set(10000), z * z); }
    CHAINRULE_INLINE auto distribution(V z, V z2) const {
      return sigmoid_with_slope(z * fma(V::set(Number(kCubic)), z2, V::set(Number(kLinear))));
    }
  };
};

}  // namespace chainrule
