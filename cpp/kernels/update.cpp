// From a batch to the parameters: sums over the batch, and the optimizer's step.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>

#include "kernels/kernel_table.h"
#include "optimizers/list.h"

namespace chainrule::kernels {

template <class T>
void sum_over_batch(MatrixView<const T> delta, T* sum) {
  std::fill_n(sum, delta.cols, T(0));
  for (std::int64_t i = 0; i < delta.rows; ++i) {
    const T* row = delta.row(i);
    for (std::int64_t j = 0; j < delta.cols; ++j) sum[j] += row[j];
  }
}

template <class T>
bool all_finite(const T* values, std::int64_t count) {
  // v - v is 0 for every finite v and NaN for the others.
  T sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += values[i] - values[i];
  return sum == T(0);
}

template <class T>
bool update_parameters(const Update<T>& update, T* w, const T* g, std::int64_t count) {
  return Optimizers::visit<bool>(update.optimizer, [&](auto member) {
    using Optimizer = typename decltype(member)::type;
    const typename Optimizer::template Step<T> step(update.numbers, update.step);
    const int n_states = Optimizer::n_states(update.numbers);
    T states[Optimizer::kMaxStates] = {};
    // Twice: nothing is stored unless all of it is finite.
    bool finite = true;
    for (const bool store : {false, true}) {
      for (std::int64_t i = 0; i < count && finite; ++i) {
        for (int n = 0; n < n_states; ++n) states[n] = update.states[n][i];
        const T next = step(w[i], g[i], states);
        if (store) {
          w[i] = next;
          for (int n = 0; n < n_states; ++n) update.states[n][i] = states[n];
        } else {
          finite = std::isfinite(next) && all_finite(states, n_states);
        }
      }
    }
    return finite;
  });
}

template void sum_over_batch(MatrixView<const float>, float*);
template void sum_over_batch(MatrixView<const double>, double*);
template bool all_finite(const float*, std::int64_t);
template bool all_finite(const double*, std::int64_t);
template bool update_parameters(const Update<float>&, float*, const float*, std::int64_t);
template bool update_parameters(const Update<double>&, double*, const double*, std::int64_t);

}  // namespace chainrule::kernels
