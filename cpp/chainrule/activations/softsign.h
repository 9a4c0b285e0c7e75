// a = z / (1 + |z|)
// Bergstra, Desjardins, Lamblin, Bengio: "Quadratic polynomials learn better image features", technical report 1337,
// University of Montreal, 2009
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/output_range.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct Softsign {
  static constexpr const char* kName = "softsign";
  static constexpr bool kElementwise = true;
  static constexpr SlopeReads kSlopeReads = SlopeReads::kA;
  static constexpr OutputRange kOutputs{-1, 1, false};
  static constexpr MaxError kMaxError = {1.5, 1};

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    V forward(V z) const { return z / (V::set(1) + abs(z)); }

    // f'(z) = 1 / (1 + |z|)^2 = (1 - |a|)^2
    V slope(V a) const {
      const V rest = V::set(1) - abs(a);
      return rest * rest;
    }
  };
};

}  // namespace chainrule
