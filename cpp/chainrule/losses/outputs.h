// Which activations a loss takes at the output, for losses that do not take any: their member `Outputs`.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/list.h"

namespace chainrule {

template <class... Members>
struct OutputsOf {
  static bool take(int activation) {
    return ((activation == Activations::index_of_type<Members>()) || ...);
  }
};

// Those that are above 0 whatever z is.
struct PositiveOutputs {
  static bool take(int activation) { return output_range(activation).is_positive(); }
};

struct AnyOutputs {
  static bool take(int /*activation*/) { return true; }
};

}  // namespace chainrule
