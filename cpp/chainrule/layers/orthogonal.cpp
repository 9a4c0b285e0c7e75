// The modified Gram-Schmidt process, a few rows at a time.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/layers/orthogonal.h"

#include <algorithm>
#include <cmath>

namespace chainrule {
namespace {

// Rows that one earlier row is taken away from at a time, so that it is read once for all of them.
constexpr int kRows = 4;
// Sums that grow side by side, since each addition waits for the one before; they decide bits.
constexpr int kLanes = 4;

// products[r] = q . row r
template <int kCount>
void multiply_rows(const double* q, MatrixView<double> rows, double (&products)[kRows]) {
  double sums[kCount][kLanes] = {};
  const double* row[kCount];
  for (int r = 0; r < kCount; ++r) row[r] = rows.row(r);
  const std::int64_t whole = rows.cols / kLanes * kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    for (int r = 0; r < kCount; ++r) {
      for (int lane = 0; lane < kLanes; ++lane) sums[r][lane] += q[i + lane] * row[r][i + lane];
    }
  }
  for (int r = 0; r < kCount; ++r) {
    for (std::int64_t i = whole; i < rows.cols; ++i) sums[r][i - whole] += q[i] * row[r][i];
    products[r] = (sums[r][0] + sums[r][2]) + (sums[r][1] + sums[r][3]);
  }
}

void multiply_rows(const double* q, MatrixView<double> rows, double (&products)[kRows]) {
  if (rows.rows == kRows) return multiply_rows<kRows>(q, rows, products);
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    double product[kRows];
    multiply_rows<1>(q, rows.row_range(r, 1), product);
    products[r] = product[0];
  }
}

double length(MatrixView<double> row) {
  double square[kRows];
  multiply_rows<1>(row.data, row, square);
  return std::sqrt(square[0]);
}

// Takes what is along q, which is 1 long, away from each row.
void take_away(const double* q, MatrixView<double> rows) {
  double products[kRows];
  multiply_rows(q, rows, products);
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    double* const row = rows.row(r);
    const double along = products[r];
    for (std::int64_t i = 0; i < rows.cols; ++i) row[i] -= along * q[i];
  }
}

}  // namespace

void make_orthonormal(MatrixView<double> rows, Poll& poll) {
  // What is left of a row has lost no more digits than this takes.
  constexpr double kMuch = 0.1;
  const auto make = [&](std::int64_t first, std::int64_t count) {
    const MatrixView<double> block = rows.row_range(first, count);
    double before[kRows];
    for (std::int64_t r = 0; r < count; ++r) before[r] = length(block.row_range(r, 1));
    for (std::int64_t q = 0; q < first; ++q) {
      take_away(rows.row(q), block);
      if (q % 16 == 0) poll();
    }
    bool enough = true;
    for (std::int64_t r = 0; r < count; ++r) {
      const MatrixView<double> row = block.row_range(r, 1);
      for (std::int64_t q = 0; q < r; ++q) take_away(block.row(q), row);
      const double after = length(row);
      enough = enough && after > kMuch * before[r];
      for (std::int64_t i = 0; i < row.cols; ++i) row.data[i] /= after;
    }
    return enough;
  };
  for (std::int64_t first = 0; first < rows.rows; first += kRows) {
    const std::int64_t count = std::min<std::int64_t>(kRows, rows.rows - first);
    if (!make(first, count)) make(first, count);
  }
}

}  // namespace chainrule
