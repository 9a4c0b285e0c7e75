// Packs a block of b after the other, panel by panel, and multiplies it with the rows of a in place. A block is
// small enough for the stack: nothing is allocated.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/gemm/own.h"

#include <algorithm>

#include "chainrule/memory/aligned_block.h"

namespace chainrule {

template <class T>
void multiply_own(const KernelTable<T>& kernels, MatrixView<const T> a, MatrixView<const T> b,
                  Transposed transposed, MatrixView<T> c, Poll& poll) {
  constexpr std::int64_t kRows = 48;  // of c at a time: a few tiles, on their way through the cache
  constexpr std::int64_t kBlock = 65536 / sizeof(T);
  alignas(kBlockAlignment) T block[kBlock];
  const bool left = transposed == Transposed::kLeft;
  const std::int64_t width = kernels.panel_width, depth = left ? a.rows : a.cols;
  const std::int64_t steps = kBlock / width;  // of the summed index in a block
  // Whole vectors are read, and what nobody has written may be a number that is slow to compute with.
  std::fill_n(block, std::min(steps, depth) * width, T(0));
  PanelProduct<T> product;
  product.access = Access::kStrided;
  product.a_row_stride = left ? 1 : a.stride;
  product.a_step = left ? a.stride : 1;
  product.b = block;
  product.b_stride = width;
  product.c_stride = c.stride;
  for (std::int64_t col = 0; col < c.cols; col += width) {
    product.cols = std::min(width, c.cols - col);
    // Once even where nothing is summed, since c is 0 then. The chains of fma go on from block to block.
    for (std::int64_t k = 0; k == 0 || k < depth; k += steps) {
      product.accumulate = k > 0;
      product.depth = std::min(steps, depth - k);
      if (transposed == Transposed::kRight) {
        kernels.transpose_block(b.row(col) + k, b.stride, product.cols, product.depth, block,
                                width);
      } else {
        kernels.copy_block(b.row(k) + col, b.stride, product.depth, product.cols, block, width);
      }
      for (std::int64_t row = 0; row < c.rows; row += kRows) {
        product.a = a.data + row * product.a_row_stride + k * product.a_step;
        product.rows = std::min(kRows, c.rows - row);
        product.c = c.row(row) + col;
        kernels.multiply_panel(product);
        poll();
      }
    }
  }
}
template void multiply_own(const KernelTable<float>&, MatrixView<const float>,
                           MatrixView<const float>, Transposed, MatrixView<float>, Poll&);
template void multiply_own(const KernelTable<double>&, MatrixView<const double>,
                           MatrixView<const double>, Transposed, MatrixView<double>, Poll&);

}  // namespace chainrule
