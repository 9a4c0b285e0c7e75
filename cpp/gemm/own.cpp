// Packs one panel of b after the other, and multiplies it with the rows of a where they lie.
// SPDX-License-Identifier: BSD-3-Clause
#include "gemm/own.h"

#include <algorithm>

#include "memory/aligned_block.h"

namespace chainrule {

template <class T>
void multiply_own(const KernelTable<T>& kernels, MatrixView<const T> a, MatrixView<const T> b,
                  Transposed transposed, MatrixView<T> c, Poll& poll) {
  constexpr std::int64_t kRows = 48;  // of c at a time: a few tiles, on their way through the cache
  const bool left = transposed == Transposed::kLeft;
  const std::int64_t width = kernels.panel_width, depth = left ? a.rows : a.cols;
  AlignedBlock<T> panel(depth * width), tile(kRows * width);
  PanelProduct<T> product;
  product.access = Access::kStrided;
  product.a_row_stride = left ? 1 : a.stride;
  product.a_step = left ? a.stride : 1;
  product.b = panel.data();
  product.b_stride = product.c_stride = width;
  product.c = tile.data();
  product.depth = depth;
  for (std::int64_t col = 0; col < c.cols; col += width) {
    product.cols = std::min(width, c.cols - col);
    if (transposed == Transposed::kRight) {
      kernels.transpose_block(b.row(col), b.stride, product.cols, depth, panel.data(), width);
    } else {
      kernels.copy_block(b.data + col, b.stride, depth, product.cols, panel.data(), width);
    }
    for (std::int64_t row = 0; row < c.rows; row += kRows) {
      product.a = a.data + row * product.a_row_stride;
      product.rows = std::min(kRows, c.rows - row);
      kernels.multiply_panel(product);
      kernels.copy_block(tile.data(), width, product.rows, product.cols, c.row(row) + col,
                         c.stride);
      poll();
    }
  }
}
template void multiply_own(const KernelTable<float>&, MatrixView<const float>,
                           MatrixView<const float>, Transposed, MatrixView<float>, Poll&);
template void multiply_own(const KernelTable<double>&, MatrixView<const double>,
                           MatrixView<const double>, Transposed, MatrixView<double>, Poll&);

}  // namespace chainrule
