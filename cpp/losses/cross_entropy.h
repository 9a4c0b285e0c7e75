// Cross-entropy of a distribution y over classes and the predicted one s: C_i = -sum_j y_j ln s_j
// Bishop: Pattern Recognition and Machine Learning (2006), section 4.3.4
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "activations/softmax.h"
#include "losses/targets.h"

namespace chainrule {

struct CrossEntropy {
  static constexpr const char* kName = "cross_entropy";
  static constexpr TargetKind kTargets = TargetKind::kDistribution;
  using PairedActivation = Softmax;

  template <class T>
  static T cost(const T* s, const T* y, std::int64_t n) {
    T sum = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      if (y[j] != T(0)) sum -= y[j] * TangentLog<T>::value(s[j]);
    }
    return sum;
  }

  // dC_i/ds_j = -y_j / s_j, times the share of the sample in the batch
  template <class T>
  static void gradient(const T* s, const T* y, std::int64_t n, T share, T* dC_ds) {
    for (std::int64_t j = 0; j < n; ++j) dC_ds[j] = -share * y[j] * TangentLog<T>::slope(s[j]);
  }

  // After a softmax, from z: C_i = sum_j y_j (ln sum_k e^z_k - z_j), exact however large or small C_i is: the
  // largest exponential is 1 after the shift and goes into log1p, so a sum near 1 keeps its digits.
  template <class T>
  static T paired_cost(const T* z, const T* y, std::int64_t n) {
    const T* largest = std::max_element(z, z + n);
    T others = 0;
    for (const T* each = z; each != z + n; ++each) {
      if (each != largest) others += std::exp(*each - *largest);
    }
    const T log_sum = std::log1p(others);
    T sum = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      if (y[j] != T(0)) sum += y[j] * (log_sum - (z[j] - *largest));
    }
    return sum;
  }

  // After a softmax: delta_j = s_j sum_k y_k - y_j, times the share of the sample; the sum is 1 but for rounding
  template <class T>
  static void paired_delta(const T* s, const T* y, std::int64_t n, T share, T* delta) {
    T total = 0;
    for (std::int64_t k = 0; k < n; ++k) total += y[k];
    for (std::int64_t j = 0; j < n; ++j) delta[j] = share * (s[j] * total - y[j]);
  }
};

}  // namespace chainrule
