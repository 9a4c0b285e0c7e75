// a = min(max(z, 0), 6)
// Krizhevsky: "Convolutional deep belief networks on CIFAR-10", 2010
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/output_range.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct Relu6 {
  static constexpr const char* kName = "relu6";
  static constexpr bool kElementwise = true;
  static constexpr SlopeReads kSlopeReads = SlopeReads::kA;
  static constexpr OutputRange kOutputs{0, 6, true};
  static constexpr MaxError kMaxError = {0, 0};

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    // A NaN stays a NaN, so that a diverged network is noticed.
    CHAINRULE_INLINE V forward(V z) const { return min(V::set(6), max(V::zero(), z)); }

    // 0 at both kinks
    V slope(V a) const { return select((a > V::zero()) & (a < V::set(6)), V::set(1), V::zero()); }
  };
};

}  // namespace chainrule
