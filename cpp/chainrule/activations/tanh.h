// a = tanh z
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace chainrule {

struct Tanh {
  static constexpr const char* kName = "tanh";
  static constexpr const char* kElsewhere[] = {"tansig", "hyperbolic_tangent"};
  static constexpr bool kElementwise = true;

  template <class V>
  static V forward(V z) {
    return tanh(z);
  }

  // f'(z) = 1 - a^2, written so that nothing cancels near |a| = 1
  template <class V>
  static V slope(V a) {
    return (V::set(1) - a) * (V::set(1) + a);
  }
};

}  // namespace chainrule
