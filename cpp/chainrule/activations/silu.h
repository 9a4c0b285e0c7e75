// a = z / (1 + e^-z)
// Hendrycks, Gimpel: "Gaussian error linear units (GELUs)", arXiv 1606.08415, section 2; Ramachandran, Zoph, Le: "Searching
// for activation functions", arXiv 1710.05941, as swish with beta = 1
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct Silu {
  static constexpr const char* kName = "silu";
  static constexpr const char* kElsewhere[] = {"swish", "sigmoid_linear_unit"};
  static constexpr bool kElementwise = true;
  // Two z below 0 have the same a.
  static constexpr SlopeReads kSlopeReads = SlopeReads::kZ;
  static constexpr MaxError kMaxError = {4, 2};

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    CHAINRULE_INLINE V forward(V z) const { return z * sigmoid_with_slope(z).value; }

    // With p = 1 / (1 + e^-z), f'(z) = p + z p (1 - p)
    CHAINRULE_INLINE V slope(V z) const {
      const auto p = sigmoid_with_slope(z);
      return fma(z, p.slope, p.value);
    }
  };
};

}  // namespace chainrule
