// Row sources: every element of a batch comes to its place, whatever the array and wherever a plan wants the rows.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstdint>
#include <vector>

#include "chainrule/data/row_source.h"
#include "chainrule/gemm/engine.h"
#include "check.h"

namespace chainrule {
namespace {

constexpr std::int64_t kRows = 5;
const std::int64_t kIndex[] = {4, 0, 3, 3};  // the rows of the batch
constexpr std::int64_t kBatch = 4, kMostCols = 200;

double element(std::int64_t row, std::int64_t col) { return static_cast<double>(row * 1000 + col); }

// All elements in their places, and nothing else written there.
template <class T>
void check_places(const RowSource& source, const Destination<T>& to, std::vector<T>& block,
                  const KernelTable<T>& kernels) {
  std::fill(block.begin(), block.end(), T(-1));
  source.gather({kIndex, {0, kBatch}}, to, kernels);
  for (std::int64_t i = 0; i < kBatch; ++i) {
    for (std::int64_t j = 0; j < source.cols(); ++j) {
      CHECK_EQUAL(to.at(i, j), T(element(kIndex[i], j)));
      to.at(i, j) = T(-1);
    }
  }
  for (const T each : block) CHECK_EQUAL(each, T(-1));
  to.fill(kBatch, source.cols(), T(7));
  for (std::int64_t i = 0; i < kBatch; ++i) {
    for (std::int64_t j = 0; j < source.cols(); ++j) {
      CHECK_EQUAL(to.at(i, j), T(7));
      to.at(i, j) = T(-1);
    }
  }
  for (const T each : block) CHECK_EQUAL(each, T(-1));
}

template <class T, class Stored>
void check_array(std::int64_t cols) {
  const KernelTable<T>& kernels = *current_engine<T>().kernels;
  std::vector<Stored> values;
  for (std::int64_t i = 0; i < kRows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) values.push_back(static_cast<Stored>(element(i, j)));
  }
  const RowSource source(array_view(values.data(), kRows, cols));
  CHECK_EQUAL(source.rows(), kRows);
  CHECK_EQUAL(source.cols(), cols);

  constexpr std::int64_t kStride = kMostCols + 3;
  std::vector<T> block(static_cast<std::size_t>((kBatch + 3) * 2 * kStride)), scratch(block.size());
  check_places(source, Destination<T>::rows({block.data(), kBatch, cols, kStride}), block, kernels);
  const PanelMatrix<T> panels{block.data(), kBatch + 2, cols, kernels.panel_width};
  check_places(source, Destination<T>::panels(panels, 1), block, kernels);
  check_places(source, Destination<T>::across(block.data(), kBatch + 1, scratch.data()), block,
               kernels);
}

TEST(data_rows_of_dense_arrays_come_to_every_destination) {
  for (const std::int64_t cols : {1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 130, 200}) {
    check::at() = check::text("cols ", cols);
    check_array<float, float>(cols);
    check_array<float, double>(cols);
    check_array<double, double>(cols);
    check_array<double, std::int64_t>(cols);
  }
  check::at().clear();
}

}  // namespace
}  // namespace chainrule
