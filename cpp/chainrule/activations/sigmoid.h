// a = 1 / (1 + e^-z)
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace chainrule {

struct Sigmoid {
  static constexpr const char* kName = "sigmoid";
  static constexpr const char* kElsewhere[] = {"logistic", "logsig", "expit"};
  static constexpr bool kElementwise = true;

  template <class V>
  static V forward(V z) {
    return sigmoid(z);
  }

  // f'(z) = a (1 - a)
  template <class V>
  static V slope(V a) {
    return a * (V::set(1) - a);
  }
};

}  // namespace chainrule
