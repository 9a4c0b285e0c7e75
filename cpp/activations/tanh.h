// a = tanh z
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>

namespace chainrule {

struct Tanh {
  static constexpr const char* kName = "tanh";
  static constexpr bool kElementwise = true;

  template <class T>
  static T forward(T z) {
    return std::tanh(z);
  }

  // f'(z) = 1 - a^2, written so that nothing cancels near |a| = 1
  template <class T>
  static T slope(T /*z*/, T a) {
    return (T(1) - a) * (T(1) + a);
  }
};

}  // namespace chainrule
