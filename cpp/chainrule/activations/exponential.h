// a = e^z
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/output_range.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct Exponential {
  static constexpr const char* kName = "exponential";
  static constexpr const char* kElsewhere[] = {"exp"};
  static constexpr bool kElementwise = true;
  static constexpr SlopeReads kSlopeReads = SlopeReads::kA;
  static constexpr OutputRange kOutputs{0, OutputRange().highest, false};
  static constexpr MaxError kMaxError = {1.5, 1.5};

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    V forward(V z) const { return exp(z); }

    // f'(z) = e^z
    V slope(V a) const { return a; }
  };
};

}  // namespace chainrule
