// The cost over a batch, forward and backward.
// SPDX-License-Identifier: BSD-3-Clause
#include <type_traits>

#include "kernels/kernel_table.h"
#include "losses/list.h"

namespace chainrule::kernels {

template <class T>
double weighted_cost(const Loss& loss, MatrixView<const T> z, MatrixView<const T> s,
                     MatrixView<const T> y, const double* weights) {
  return Losses::visit<double>(loss.index, [&](auto member) {
    using Member = typename decltype(member)::type;
    double sum = 0;
    for (std::int64_t i = 0; i < s.rows; ++i) {
      T cost = 0;
      if constexpr (!std::is_void_v<typename Member::PairedActivation>) {
        cost = loss.paired ? Member::paired_cost(z.row(i), y.row(i), s.cols)
                           : Member::cost(s.row(i), y.row(i), s.cols);
      } else {
        cost = Member::cost(s.row(i), y.row(i), s.cols);
      }
      // A sample of no weight counts for nothing, whatever its cost.
      if (weights[i] != 0) sum += weights[i] * static_cast<double>(cost);
    }
    return sum;
  });
}

template <class T>
void cost_backward(const Loss& loss, MatrixView<const T> s, MatrixView<const T> y, const T* shares,
                   MatrixView<T> gradient) {
  Losses::visit<void>(loss.index, [&](auto member) {
    using Member = typename decltype(member)::type;
    for (std::int64_t i = 0; i < s.rows; ++i) {
      if constexpr (!std::is_void_v<typename Member::PairedActivation>) {
        if (loss.paired) {
          Member::paired_delta(s.row(i), y.row(i), s.cols, shares[i], gradient.row(i));
          continue;
        }
      }
      Member::gradient(s.row(i), y.row(i), s.cols, shares[i], gradient.row(i));
    }
  });
}

template double weighted_cost(const Loss&, MatrixView<const float>, MatrixView<const float>,
                              MatrixView<const float>, const double*);
template double weighted_cost(const Loss&, MatrixView<const double>, MatrixView<const double>,
                              MatrixView<const double>, const double*);
template void cost_backward(const Loss&, MatrixView<const float>, MatrixView<const float>,
                            const float*, MatrixView<float>);
template void cost_backward(const Loss&, MatrixView<const double>, MatrixView<const double>,
                            const double*, MatrixView<double>);

}  // namespace chainrule::kernels
