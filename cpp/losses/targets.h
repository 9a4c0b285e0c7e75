// What a loss accepts as y, and the logarithm that two losses share.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <limits>

namespace chainrule {

enum class TargetKind {
  kReal,          // any finite numbers, (batch, n_out)
  kUnitInterval,  // numbers in [0, 1], (batch, n_out)
  kDistribution,  // integer labels (batch,), or rows >= 0 that sum to 1, (batch, n_out)
};

// ln p; below the smallest p that counts, the tangent goes on instead, so that a cost and its gradient stay
// finite and agree with each other where a network's output is 0 (or is no probability at all).
template <class V>
struct TangentLog {
  static V from() { return V::set(std::numeric_limits<typename V::Number>::epsilon()); }

  static V value(V p) { return select(p < from(), log(from()) + (p - from()) / from(), log(p)); }
  static V slope(V p) { return V::set(1) / select(p < from(), from(), p); }
};

}  // namespace chainrule
