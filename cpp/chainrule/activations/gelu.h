// a = z Phi(z), with the distribution function of the standard normal distribution, Phi(z)
// Hendrycks, Gimpel: "Gaussian error linear units (GELUs)", arXiv 1606.08415, section 2; not their approximations.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct Gelu {
  static constexpr const char* kName = "gelu";
  static constexpr const char* kElsewhere[] = {"gaussian_error_linear_unit"};
  static constexpr bool kElementwise = true;
  // Two z below 0 have the same a.
  static constexpr SlopeReads kSlopeReads = SlopeReads::kZ;
  static constexpr MaxError kMaxError = {0.5, 1.5, 1.5};

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* /*numbers*/) {}

    CHAINRULE_INLINE V forward(V z) const { return z * normal(z).distribution; }

    // f'(z) = Phi(z) + z phi(z), with the density phi(z) = e^(-z^2 / 2) / sqrt(2 pi). Where z^2 overflows, phi is 0.
    CHAINRULE_INLINE V slope(V z) const {
      const auto [distribution, density] = normal(z);
      return fma(select(density == V::zero(), V::zero(), z), density, distribution);
    }
  };
};

}  // namespace chainrule
