// a = z tanh(ln(1 + e^z)) = z n / (n + 2) with n = e^z (e^z + 2)
// Misra: "Mish: a self regularized non-monotonic activation function", arXiv 1908.08681, equation 1
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct Mish {
  static constexpr const char* kName = "mish";
  static constexpr bool kElementwise = true;
  // Two z below 0 have the same a.
  static constexpr SlopeReads kSlopeReads = SlopeReads::kZ;
  static constexpr MaxError kMaxError = {5, 2.5};

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* /*numbers*/) {}

    CHAINRULE_INLINE V forward(V z) const { return z * Parts(z).tanh; }

    // f'(z) = n / (n + 2) + 4 z e^z (1 + e^z) / (n + 2)^2
    CHAINRULE_INLINE V slope(V z) const {
      const Parts at(z);
      const V e_more = fma(at.e, at.e, at.e);
      return fma(at.z * at.quotient, V::set(4) * e_more * at.quotient, at.tanh);
    }

   private:
    // e = e^z, quotient = 1 / (n + 2), tanh = n / (n + 2). Beyond 20 it is 1, and z may be 20.
    struct Parts {
      CHAINRULE_INLINE explicit Parts(V z_) : z(min(V::set(20), z_)), e(exp(z)) {
        const V two = V::set(2), n = e * (e + two);
        quotient = V::set(1) / (n + two);
        tanh = select(z > V::zero(), fma(-two, quotient, V::set(1)), n * quotient);
      }
      V z, e, quotient, tanh;
    };
  };
};

}  // namespace chainrule
