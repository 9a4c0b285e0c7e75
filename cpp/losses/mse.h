// Mean squared error: C_i = (1/n) sum_j (s_j - y_j)^2
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "losses/targets.h"

namespace chainrule {

struct Mse {
  static constexpr const char* kName = "mse";
  static constexpr TargetKind kTargets = TargetKind::kReal;
  using PairedActivation = void;

  template <class T>
  static T cost(const T* s, const T* y, std::int64_t n) {
    T sum = 0;
    for (std::int64_t j = 0; j < n; ++j) sum += (s[j] - y[j]) * (s[j] - y[j]);
    return sum / static_cast<T>(n);
  }

  // dC_i/ds_j = (2/n) (s_j - y_j), times the share of the sample in the batch
  template <class T>
  static void gradient(const T* s, const T* y, std::int64_t n, T share, T* dC_ds) {
    const T factor = T(2) * share / static_cast<T>(n);
    for (std::int64_t j = 0; j < n; ++j) dC_ds[j] = factor * (s[j] - y[j]);
  }
};

}  // namespace chainrule
