// The product in plain C++, for machines and sanitizer builds without a BLAS. Correct and short, not fast.
// Every element is summed in the order of the inner index.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "chainrule/gemm/library.h"

namespace chainrule::product_library_impl {

const std::int64_t kFlopsPerCall = 100'000'000;

template <class T>
void multiply(MatrixView<const T> a, MatrixView<const T> b, Transposed transposed,
              MatrixView<T> c) {
  const bool left = transposed == Transposed::kLeft;
  const std::int64_t depth = left ? a.rows : a.cols;
  for (std::int64_t i = 0; i < c.rows; ++i) {
    T* c_row = c.row(i);
    if (transposed == Transposed::kRight) {
      for (std::int64_t j = 0; j < c.cols; ++j) {
        T sum = 0;
        for (std::int64_t k = 0; k < depth; ++k) sum += a.row(i)[k] * b.row(j)[k];
        c_row[j] = sum;
      }
    } else {
      std::fill_n(c_row, c.cols, T(0));
      for (std::int64_t k = 0; k < depth; ++k) {
        const T factor = left ? a.row(k)[i] : a.row(i)[k];
        const T* b_row = b.row(k);
        for (std::int64_t j = 0; j < c.cols; ++j) c_row[j] += factor * b_row[j];
      }
    }
  }
}
template void multiply(MatrixView<const float>, MatrixView<const float>, Transposed,
                       MatrixView<float>);
template void multiply(MatrixView<const double>, MatrixView<const double>, Transposed,
                       MatrixView<double>);

std::string name() { return "builtin"; }

}  // namespace chainrule::product_library_impl
