// a = z Phi(z), with the distribution function of the standard normal distribution, Phi(z) = (1 + erf(z / sqrt 2)) / 2
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

    CHAINRULE_INLINE V forward(V z) const { return z * distribution(z); }

    // f'(z) = Phi(z) + z phi(z), with the density phi(z) = e^(-z^2 / 2) / sqrt(2 pi). Where z^2 overflows, phi is 0.
    CHAINRULE_INLINE V slope(V z) const {
      const V density = V::set(kOneOverSqrtTwoPi) * exp(V::set(Number(-0.5)) * z * z);
      return fma(select(density == V::zero(), V::zero(), z), density, distribution(z));
    }

   private:
    using Number = typename V::Number;
    static constexpr Number kOneOverSqrtTwo = Number(0.70710678118654752440);
    static constexpr Number kOneOverSqrtTwoPi = Number(0.39894228040143267794);

    CHAINRULE_INLINE V distribution(V z) const {
      const V half = V::set(Number(0.5));
      return fma(half, erf(z * V::set(kOneOverSqrtTwo)), half);
    }
  };
};

}  // namespace chainrule
