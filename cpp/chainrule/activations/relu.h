// a = max(z, 0)
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace chainrule {

struct Relu {
  static constexpr const char* kName = "relu";
  static constexpr const char* kElsewhere[] = {"rectifier", "rectified_linear"};
  static constexpr bool kElementwise = true;

  // A NaN stays a NaN, so that a diverged network is noticed.
  template <class V>
  static V forward(V z) {
    return select(z < V::zero(), V::zero(), z);
  }

  // 0 at the kink
  template <class V>
  static V slope(V a) {
    return select(a > V::zero(), V::set(1), V::zero());
  }
};

}  // namespace chainrule
