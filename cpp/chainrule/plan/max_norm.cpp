// Norms of columns, and the factors that make them short enough.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/max_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace chainrule {
namespace {

constexpr std::int64_t kColumns = 64;  // at a time

// For squares that overflow or lose digits, one by one.
template <class T>
double scaled_norm(const T* w, std::int64_t rows, std::int64_t stride) {
  double largest = 0, sum = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(w[i * stride])));
  }
  if (largest == 0) return 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    const double scaled = static_cast<double>(w[i * stride]) / largest;
    sum += scaled * scaled;
  }
  return largest * std::sqrt(sum);
}

}  // namespace

template <class T>
bool limit_norms(const KernelTable<T>& kernels, double max_norm, T* w, std::int64_t rows,
                 std::int64_t cols, std::int64_t stride) {
  constexpr double kSmall = std::numeric_limits<T>::min() * 0x1p60;
  bool any = false;
  for (std::int64_t first = 0; first < cols; first += kColumns) {
    const std::int64_t count = std::min(kColumns, cols - first);
    T numbers[kColumns];  // squares, then factors
    kernels.column_squares(w + first, rows, count, stride, numbers);
    bool any_here = false;
    for (std::int64_t j = 0; j < count; ++j) {
      const double square = static_cast<double>(numbers[j]);
      const bool exact = std::isfinite(square) && max_norm * max_norm > kSmall;
      const double norm = exact ? std::sqrt(square) : scaled_norm(w + first + j, rows, stride);
      const bool too_long = norm > max_norm;
      any_here = any_here || too_long;
      numbers[j] = too_long ? static_cast<T>(max_norm / (norm + 1e-7)) : T(1);
    }
    if (any_here) kernels.scale_columns(w + first, rows, count, stride, numbers);
    any = any || any_here;
  }
  return any;
}

template <class T>
void limit_norms(const KernelTable<T>& kernels, const ParameterBlocks& blocks, T* parameters) {
  for (const ParameterBlock& block : blocks) {
    if (!block.options.limited()) continue;
    limit_norms(kernels, block.options.max_norm, parameters + block.offset, block.rows, block.cols,
                block.cols);
  }
}

template bool limit_norms(const KernelTable<float>&, double, float*, std::int64_t, std::int64_t,
                          std::int64_t);
template bool limit_norms(const KernelTable<double>&, double, double*, std::int64_t, std::int64_t,
                          std::int64_t);
template void limit_norms(const KernelTable<float>&, const ParameterBlocks&, float*);
template void limit_norms(const KernelTable<double>&, const ParameterBlocks&, double*);

}  // namespace chainrule
