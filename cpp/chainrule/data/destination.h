// Where the elements of gathered rows go: row by row, in panels of columns, or across, sample beside sample.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "chainrule/memory/matrix_view.h"
#include "chainrule/memory/panel_matrix.h"

namespace chainrule {

// Element (i, j) goes to data + j / panel_width * panel_stride + i * row_stride + j % panel_width.
template <class T>
struct Destination {
  T* data = nullptr;
  std::int64_t panel_width = 0, row_stride = 0, panel_stride = 0;
  T* scratch = nullptr;  // (rows, cols), where elements go across

  static Destination rows(MatrixView<T> to) { return row(to.data, to.stride); }
  static Destination row(T* first, std::int64_t row_stride) {
    return {first, std::numeric_limits<std::int64_t>::max(), row_stride};
  }
  static Destination panels(const PanelMatrix<T>& to, std::int64_t first_row) {
    return {to.at(first_row, 0), to.width, to.width, to.panel_stride()};
  }
  // (cols, rows), `stride` elements from column to column
  static Destination across(T* first, std::int64_t stride, T* scratch) {
    return {first, 1, 1, stride, scratch};
  }

  T& at(std::int64_t i, std::int64_t j) const {
    return data[j / panel_width * panel_stride + i * row_stride + j % panel_width];
  }
  void fill(std::int64_t rows, std::int64_t cols, T value) const {
    for (std::int64_t j = 0; panel_width == 1 && j < cols; ++j) std::fill_n(&at(0, j), rows, value);
    for (std::int64_t j = 0; panel_width > 1 && j < cols; j += std::min(panel_width, cols)) {
      const std::int64_t count = std::min(panel_width, cols - j);
      for (std::int64_t i = 0; i < rows; ++i) std::fill_n(&at(i, j), count, value);
    }
  }
  // Calls each(j, element) for every element (i, j).
  template <class Each>
  void for_each(std::int64_t rows, std::int64_t cols, Each&& each) const {
    for (std::int64_t j = 0; panel_width == 1 && j < cols; ++j) {
      T* const column = &at(0, j);
      for (std::int64_t i = 0; i < rows; ++i) each(j, column[i]);
    }
    for (std::int64_t first = 0; panel_width > 1 && first < cols;) {
      const std::int64_t count = std::min(panel_width, cols - first);
      for (std::int64_t i = 0; i < rows; ++i) {
        T* const row = &at(i, first);
        for (std::int64_t j = 0; j < count; ++j) each(first + j, row[j]);
      }
      first += count;
    }
  }
};

}  // namespace chainrule
