// The one place where rows of dense arrays are put where a plan wants them.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/data/dense_rows.h"

#include <algorithm>

namespace chainrule {
namespace {

template <class T>
void gather_panels(const ArrayView& array, const Rows& rows, const Destination<T>& to,
                   const KernelTable<T>& kernels) {
  const std::int64_t width = to.panel_width, in_whole_panels = array.cols / width * width;
  for (std::int64_t i = 0; i < rows.size(); ++i) {  // row by row, as most arrays are stored
    if (const T* row = row_in_place<T>(array, rows[i])) {
      // A row of the array is a matrix of one row a panel.
      kernels.copy_block(row, width, in_whole_panels / width, width, &to.at(i, 0), to.panel_stride);
      if (in_whole_panels == array.cols) continue;
      kernels.copy_block(row + in_whole_panels, 0, 1, array.cols - in_whole_panels,
                         &to.at(i, in_whole_panels), 0);
      continue;
    }
    for (std::int64_t col = 0; col < array.cols; col += width) {
      const std::int64_t count = std::min(width, array.cols - col);
      gather_rows(array.col_range(col, count), rows.one(i),
                  MatrixView<T>(&to.at(i, col), 1, count));
    }
  }
}

}  // namespace

template <class T>
void DenseRows::gather(const Rows& rows, const Destination<T>& to,
                       const KernelTable<T>& kernels) const {
  const std::int64_t count = rows.size(), cols = array_.cols;
  // A row alone, as a prediction has it, takes less time than to find out how to convert it.
  const T* const row =
      count == 1 && to.panel_width >= cols ? row_in_place<T>(array_, rows[0]) : nullptr;
  if (row) {
    for (std::int64_t k = 0; k < cols; ++k) to.data[k] = row[k];
  } else if (to.panel_width >= cols) {
    gather_rows(array_, rows, MatrixView<T>(to.data, count, cols, to.row_stride));
  } else if (to.panel_width > 1) {
    gather_panels(array_, rows, to, kernels);
  } else {
    gather_rows(array_, rows, MatrixView<T>(to.scratch, count, cols));
    kernels.transpose_block(to.scratch, cols, count, cols, to.data, to.panel_stride);
  }
}
template void DenseRows::gather(const Rows&, const Destination<float>&,
                                const KernelTable<float>&) const;
template void DenseRows::gather(const Rows&, const Destination<double>&,
                                const KernelTable<double>&) const;

}  // namespace chainrule
