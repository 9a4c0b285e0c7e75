// a = max(z, 0)
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace chainrule {

struct Relu {
  static constexpr const char* kName = "relu";
  static constexpr bool kElementwise = true;

  // A NaN stays a NaN, so that a diverged network is noticed.
  template <class T>
  static T forward(T z) {
    return z < T(0) ? T(0) : z;
  }

  // f'(z), 0 at the kink
  template <class T>
  static T slope(T z, T /*a*/) {
    return z > T(0) ? T(1) : T(0);
  }
};

}  // namespace chainrule
