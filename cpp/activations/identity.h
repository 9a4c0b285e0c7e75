// a = z
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace chainrule {

struct Identity {
  static constexpr const char* kName = "identity";
  static constexpr bool kElementwise = true;

  template <class T>
  static T forward(T z) {
    return z;
  }

  // f'(z)
  template <class T>
  static T slope(T /*z*/, T /*a*/) {
    return T(1);
  }
};

}  // namespace chainrule
