// A matrix that somebody else owns: row-major, rows `stride` elements apart.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace chainrule {

template <class T>
struct MatrixView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  MatrixView() = default;
  MatrixView(T* data_, std::int64_t rows_, std::int64_t cols_)
      : MatrixView(data_, rows_, cols_, cols_) {}
  MatrixView(T* data_, std::int64_t rows_, std::int64_t cols_, std::int64_t stride_)
      : data(data_), rows(rows_), cols(cols_), stride(stride_) {}

  // A view that may write turns into one that only reads, never the other way.
  template <class U, class = std::enable_if_t<std::is_same_v<const U, T> && !std::is_const_v<U>>>
  MatrixView(const MatrixView<U>& other)
      : MatrixView(other.data, other.rows, other.cols, other.stride) {}

  T* row(std::int64_t i) const { return data + i * stride; }

  // Calls work(first, count) for blocks of rows of some 64,000 numbers, and poll() after each.
  template <class Work, class Poll>
  void in_blocks(Poll& poll, Work&& work) const {
    const std::int64_t block = std::max<std::int64_t>(65536 / std::max<std::int64_t>(cols, 1), 1);
    for (std::int64_t first = 0; first < rows; first += block) {
      work(first, std::min(block, rows - first));
      poll();
    }
  }

  MatrixView row_range(std::int64_t first, std::int64_t count) const {
    return {row(first), count, cols, stride};
  }
};

}  // namespace chainrule
