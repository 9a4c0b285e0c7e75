// What a loss accepts as y, and the logarithm that two losses share.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <limits>

namespace chainrule {

enum class TargetKind {
  kReal,          // any finite numbers, (batch, n_out)
  kUnitInterval,  // numbers in [0, 1], (batch, n_out)
  kDistribution,  // integer labels (batch,), or rows >= 0 that sum to 1, (batch, n_out)
};

// ln p; below the smallest p that counts, the tangent goes on instead, so that a cost and its gradient stay
// finite and agree with each other where a network's output is 0 (or is no probability at all).
template <class T>
struct TangentLog {
  static constexpr T kFrom = std::numeric_limits<T>::epsilon();

  static T value(T p) { return p < kFrom ? std::log(kFrom) + (p - kFrom) / kFrom : std::log(p); }
  static T slope(T p) { return T(1) / (p < kFrom ? kFrom : p); }
};

}  // namespace chainrule
