// a = max(z, 0)
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct Relu {
  static constexpr const char* kName = "relu";
  static constexpr const char* kElsewhere[] = {"rectifier", "rectified_linear"};
  static constexpr bool kElementwise = true;
  static constexpr SlopeReads kSlopeReads = SlopeReads::kA;
  static constexpr MaxError kMaxError = {0, 0};

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    // A NaN stays a NaN, so that a diverged network is noticed.
    V forward(V z) const { return select(z < V::zero(), V::zero(), z); }

    // 0 at the kink
    V slope(V a) const { return select(a > V::zero(), V::set(1), V::zero()); }
  };
};

}  // namespace chainrule
