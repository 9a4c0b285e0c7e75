// Cross-entropy of independent yes/no outputs: C_i = -(1/n) sum_j (y_j ln s_j + (1 - y_j) ln(1 - s_j))
// Bishop: Pattern Recognition and Machine Learning (2006), section 4.3.2
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstdint>

#include "activations/sigmoid.h"
#include "losses/targets.h"

namespace chainrule {

struct BinaryCrossEntropy {
  static constexpr const char* kName = "binary_cross_entropy";
  static constexpr TargetKind kTargets = TargetKind::kUnitInterval;
  using PairedActivation = Sigmoid;

  template <class T>
  static T cost(const T* s, const T* y, std::int64_t n) {
    T sum = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      if (y[j] != T(0)) sum -= y[j] * TangentLog<T>::value(s[j]);
      if (y[j] != T(1)) sum -= (T(1) - y[j]) * TangentLog<T>::value(T(1) - s[j]);
    }
    return sum / static_cast<T>(n);
  }

  // dC_i/ds_j = ((1 - y_j) / (1 - s_j) - y_j / s_j) / n, times the share of the sample in the batch
  template <class T>
  static void gradient(const T* s, const T* y, std::int64_t n, T share, T* dC_ds) {
    const T factor = share / static_cast<T>(n);
    for (std::int64_t j = 0; j < n; ++j) {
      dC_ds[j] = factor * ((T(1) - y[j]) * TangentLog<T>::slope(T(1) - s[j]) -
                           y[j] * TangentLog<T>::slope(s[j]));
    }
  }

  // After a sigmoid, from z: C_i = (1/n) sum_j (ln(1 + e^z_j) - y_j z_j), without overflow or cancellation
  template <class T>
  static T paired_cost(const T* z, const T* y, std::int64_t n) {
    T sum = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      const T positive_part = z[j] > T(0) ? z[j] : T(0);
      sum += std::log1p(std::exp(-std::fabs(z[j]))) + (positive_part - y[j] * z[j]);
    }
    return sum / static_cast<T>(n);
  }

  // After a sigmoid: delta_j = (s_j - y_j) / n, times the share of the sample in the batch
  template <class T>
  static void paired_delta(const T* s, const T* y, std::int64_t n, T share, T* delta) {
    const T factor = share / static_cast<T>(n);
    for (std::int64_t j = 0; j < n; ++j) delta[j] = factor * (s[j] - y[j]);
  }
};

}  // namespace chainrule
