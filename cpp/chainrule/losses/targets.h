// What a loss accepts as y, and the slope of the logarithm, which two losses share.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <limits>

namespace chainrule {

enum class TargetKind {
  kReal,          // any finite values, (batch, n_out)
  kNotNegative,   // finite values >= 0, (batch, n_out)
  kUnitInterval,  // values in [0, 1], (batch, n_out)
  kSigns,         // -1 or 1, (batch, n_out)
  kDistribution,  // integer labels (batch,), or rows >= 0 that sum to 1, (batch, n_out)
};

// d(ln p)/dp = 1 / p, and finite where p is 0.
template <class V>
V slope_of_log(V p) {
  return V::set(1) / max(p, V::set(std::numeric_limits<typename V::Number>::min()));
}

}  // namespace chainrule
