// a = 1 / (1 + e^-z)
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>

namespace chainrule {

struct Sigmoid {
  static constexpr const char* kName = "sigmoid";
  static constexpr bool kElementwise = true;

  // e^-|z| never overflows, and a is accurate on both sides.
  template <class T>
  static T forward(T z) {
    const T e = std::exp(-std::fabs(z));
    return (z < T(0) ? e : T(1)) / (T(1) + e);
  }

  // f'(z) = a (1 - a)
  template <class T>
  static T slope(T /*z*/, T a) {
    return a * (T(1) - a);
  }
};

}  // namespace chainrule
