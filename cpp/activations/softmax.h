// a_j = e^z_j / sum_i e^z_i over a row: the one activation whose neurons depend on each other.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace chainrule {

struct Softmax {
  static constexpr const char* kName = "softmax";
  static constexpr bool kElementwise = false;

  // z (n), a (n). The largest z is taken off first: no exponential overflows, and a does not change.
  template <class T>
  static void forward(const T* z, std::int64_t n, T* a) {
    const T largest = *std::max_element(z, z + n);
    T sum = 0;
    for (std::int64_t j = 0; j < n; ++j) sum += a[j] = std::exp(z[j] - largest);
    for (std::int64_t j = 0; j < n; ++j) a[j] /= sum;
  }

  // delta_j = sum_i dC/da_i da_i/dz_j = a_j (dC/da_j - sum_i dC/da_i a_i); delta overwrites dC/da.
  template <class T>
  static void backward(const T* a, std::int64_t n, T* dC_da) {
    T sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += dC_da[i] * a[i];
    for (std::int64_t j = 0; j < n; ++j) dC_da[j] = a[j] * (dC_da[j] - sum);
  }
};

}  // namespace chainrule
