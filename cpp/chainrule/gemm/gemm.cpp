// Checks the shapes of a product and hands it to our own kernels, or to the library in blocks of rows short enough to
// be interrupted.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/gemm/gemm.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "chainrule/gemm/library.h"
#include "chainrule/gemm/own.h"

namespace chainrule {

template <class T>
void multiply(const Engine<T>& engine, MatrixView<const T> a, MatrixView<const T> b,
              Transposed transposed, MatrixView<T> c, Poll& poll) {
  const bool left = transposed == Transposed::kLeft, right = transposed == Transposed::kRight;
  const std::int64_t rows = left ? a.cols : a.rows;
  const std::int64_t depth = left ? a.rows : a.cols;
  const std::int64_t cols = right ? b.rows : b.cols;
  if (c.rows != rows || c.cols != cols || depth != (right ? b.cols : b.rows)) {
    throw std::logic_error("multiply: the shapes of a, b and c do not fit");
  }
  if (engine.product == Product::kOwn)
    return multiply_own(*engine.kernels, a, b, transposed, c, poll);
  constexpr std::int64_t kMaxInt = std::numeric_limits<int>::max();
  if (std::max({depth, cols, a.stride, b.stride, c.stride}) > kMaxInt) {
    throw std::length_error("multiply: a side of a product is longer than 2^31 - 1");
  }
  // Depends on shapes only, as everything that decides a number.
  const std::int64_t flops_per_row = std::max<std::int64_t>(2 * depth * cols, 1);
  const std::int64_t block =
      std::clamp<std::int64_t>(product_library_impl::kFlopsPerCall / flops_per_row, 8, kMaxInt);
  for (std::int64_t first = 0; first < rows; first += block) {
    const std::int64_t count = std::min(block, rows - first);
    const MatrixView<const T> a_part =
        left ? MatrixView<const T>(a.data + first, a.rows, count, a.stride)
             : a.row_range(first, count);
    product_library_impl::multiply(a_part, b, transposed, c.row_range(first, count));
    poll();
  }
}
template void multiply(const Engine<float>&, MatrixView<const float>, MatrixView<const float>,
                       Transposed, MatrixView<float>, Poll&);
template void multiply(const Engine<double>&, MatrixView<const double>, MatrixView<const double>,
                       Transposed, MatrixView<double>, Poll&);

std::string product_library() { return product_library_impl::name(); }

}  // namespace chainrule
