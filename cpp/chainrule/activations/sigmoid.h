// a = 1 / (1 + e^-z)
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/output_range.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct Sigmoid {
  static constexpr const char* kName = "sigmoid";
  static constexpr const char* kElsewhere[] = {"logistic", "logsig", "expit"};
  static constexpr bool kElementwise = true;
  static constexpr SlopeReads kSlopeReads = SlopeReads::kA;
  static constexpr OutputRange kOutputs{0, 1, false};
  static constexpr MaxError kMaxError = {2.5, 1};

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    V forward(V z) const { return sigmoid(z); }

    // f'(z) = a (1 - a)
    V slope(V a) const { return a * (V::set(1) - a); }
  };
};

}  // namespace chainrule
