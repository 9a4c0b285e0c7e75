// Activations over a batch, forward and backward.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "activations/list.h"
#include "kernels/kernel_table.h"

namespace chainrule::kernels {

template <class T>
void add_bias_and_activate(int activation, const T* bias, MatrixView<T> z, MatrixView<T> a) {
  Activations::visit<void>(activation, [&](auto member) {
    using Activation = typename decltype(member)::type;
    for (std::int64_t i = 0; i < z.rows; ++i) {
      T* z_row = z.row(i);
      T* a_row = a.row(i);
      if (bias) {
        for (std::int64_t j = 0; j < z.cols; ++j) z_row[j] += bias[j];
      }
      if constexpr (Activation::kElementwise) {
        for (std::int64_t j = 0; j < z.cols; ++j) a_row[j] = Activation::forward(z_row[j]);
      } else {
        Activation::forward(z_row, z.cols, a_row);
      }
    }
  });
}

template <class T>
void activation_backward(int activation, MatrixView<const T> z, MatrixView<const T> a,
                         MatrixView<const T> dC_da, MatrixView<T> delta) {
  Activations::visit<void>(activation, [&](auto member) {
    using Activation = typename decltype(member)::type;
    for (std::int64_t i = 0; i < z.rows; ++i) {
      const T* a_row = a.row(i);
      const T* dC_da_row = dC_da.row(i);
      T* delta_row = delta.row(i);
      if constexpr (Activation::kElementwise) {
        const T* z_row = z.row(i);
        for (std::int64_t j = 0; j < z.cols; ++j) {
          delta_row[j] = dC_da_row[j] * Activation::slope(z_row[j], a_row[j]);
        }
      } else {
        if (delta_row != dC_da_row) std::copy_n(dC_da_row, z.cols, delta_row);
        Activation::backward(a_row, z.cols, delta_row);
      }
    }
  });
}

template void add_bias_and_activate(int, const float*, MatrixView<float>, MatrixView<float>);
template void add_bias_and_activate(int, const double*, MatrixView<double>, MatrixView<double>);
template void activation_backward(int, MatrixView<const float>, MatrixView<const float>,
                                  MatrixView<const float>, MatrixView<float>);
template void activation_backward(int, MatrixView<const double>, MatrixView<const double>,
                                  MatrixView<const double>, MatrixView<double>);

}  // namespace chainrule::kernels
