// a = tanh z
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/output_range.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct Tanh {
  static constexpr const char* kName = "tanh";
  static constexpr const char* kElsewhere[] = {"tansig", "hyperbolic_tangent"};
  static constexpr bool kElementwise = true;
  static constexpr SlopeReads kSlopeReads = SlopeReads::kA;
  static constexpr OutputRange kOutputs{-1, 1, false};
  static constexpr MaxError kMaxError = {3, 3};

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    V forward(V z) const { return tanh(z); }

    // f'(z) = 1 - a^2, written so that nothing cancels near |a| = 1
    V slope(V a) const { return (V::set(1) - a) * (V::set(1) + a); }
  };
};

}  // namespace chainrule
