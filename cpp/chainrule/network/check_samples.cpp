// The checks of x, y and the weights of samples, before anything is computed.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/check_samples.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <stdexcept>
#include <string>

#include "chainrule/error.h"
#include "chainrule/kernels/all_targets.h"

namespace chainrule {
namespace {

[[noreturn]] void throw_bad_value(const char* name, double value, std::int64_t row,
                                  std::int64_t col, const std::string& expected) {
  throw std::invalid_argument(std::string(name) + " has " + text_of(value) + " in row " +
                              std::to_string(row) + ", column " + std::to_string(col) +
                              "; expected " + expected);
}

// Calls check(row, i) for every row of the array, as doubles.
template <class Check>
void for_each_row(const ArrayView& array, Poll& poll, Check&& check) {
  std::vector<double> row(static_cast<std::size_t>(array.cols));
  for (std::int64_t i = 0; i < array.rows; ++i) {
    gather_rows(array, one_row(i), MatrixView<double>(row.data(), 1, array.cols));
    check(row.data(), i);
    if (i % 64 == 0) poll();  // a row may be less work than a look at the clock
  }
}

void check_labels(const ArrayView& y, std::int64_t n_out, Poll& poll) {
  for_each_row(y, poll, [&](const double* label, std::int64_t i) {
    if (*label >= 0 && *label < static_cast<double>(n_out) && *label == std::floor(*label)) return;
    throw_bad_value("y", *label, i, 0,
                    "labels that are whole numbers from 0 to " + std::to_string(n_out - 1));
  });
}

void check_unit_interval(const ArrayView& y, Poll& poll) {
  for_each_row(y, poll, [&](const double* row, std::int64_t i) {
    for (std::int64_t j = 0; j < y.cols; ++j) {
      if (!(row[j] >= 0 && row[j] <= 1)) throw_bad_value("y", row[j], i, j, "numbers from 0 to 1");
    }
  });
}

void check_distributions(const ArrayView& y, Poll& poll) {
  // Room for probabilities that were rounded to three digits.
  constexpr double kTolerance = 1e-3;
  for_each_row(y, poll, [&](const double* row, std::int64_t i) {
    double sum = 0;
    for (std::int64_t j = 0; j < y.cols; ++j) {
      if (!(row[j] >= 0)) throw_bad_value("y", row[j], i, j, "probabilities");
      sum += row[j];
    }
    if (!(std::fabs(sum - 1) <= kTolerance)) {
      throw std::invalid_argument("y sums to " + text_of(sum) + " in row " + std::to_string(i) +
                                  "; expected probabilities that sum to 1");
    }
  });
}

void check_weights(const ArrayView& weight, Poll& poll) {
  double sum = 0;
  for_each_row(weight, poll, [&](const double* value, std::int64_t i) {
    if (!(*value >= 0)) throw_bad_value("sample_weight", *value, i, 0, "numbers >= 0");
    sum += *value;
  });
  if (!(sum > 0)) throw std::invalid_argument("sample_weight is 0 for every sample");
  // Far enough from the largest double that weights times costs add up to a finite number.
  constexpr double kLargestSum = 1e200;
  if (!(sum <= kLargestSum)) {
    throw std::invalid_argument("sample_weight sums to " + text_of(sum) +
                                "; expected at most 1e+200: only the ratios of weights count");
  }
}

template <class T>
void require_finite(const RowSource& array, Range rows, const char* name, Poll& poll) {
  array.check(rows, name, tables_of<T>(current_target()).kernels, poll);
}
template <class T>
void require_finite(const RowSource& array, const char* name, Poll& poll) {
  require_finite<T>(array, {0, array.rows()}, name, poll);
}

}  // namespace

void require_shape(const char* name, const RowSource& array, std::int64_t rows, std::int64_t cols) {
  if (array.rows() == rows && array.cols() == cols) return;
  throw ShapeError(std::string(name) + " has shape " + shape_text(array.rows(), array.cols()) +
                   ", expected " + shape_text(rows, cols));
}

void check_shape_of_x(const Architecture& architecture, const RowSource& x) {
  require_shape("x", x, x.rows(), architecture.n_in);
}

template <class T>
void check_numbers_of_x(const RowSource& x, Team& team, Poll& poll) {
  // Numbers; less is seen before another thread has heard of it.
  constexpr std::int64_t kShared = 1 << 16;
  const bool few = x.rows() <= kShared / std::max<std::int64_t>(x.cols(), 1);
  if (few || team.size() == 1) return require_finite<T>(x, "x", poll);
  std::atomic<bool> all{true};
  team.run(
      [&](int index, int count) {
        Poll none;
        try {
          require_finite<T>(x, part_of({0, x.rows()}, index, count), "x",
                            team.on_callers_thread() ? poll : none);
        } catch (const std::invalid_argument&) {
          all = false;
        }
      },
      &poll);
  if (!all) require_finite<T>(x, "x", poll);  // names the first of all
}

template <class T>
void check_samples(const Architecture& architecture, const Samples<T>& samples, Poll& poll) {
  if (samples.size() == 0) {
    throw std::invalid_argument("x has no samples; a cost needs at least one");
  }
  check_shape_of_x(architecture, samples.x);
  require_finite<T>(samples.x, "x", poll);
  if (samples.weight.data) {
    if (samples.custom_cost) {
      throw std::invalid_argument(
          "sample_weight goes with the named losses; a cost function of your "
          "own can weigh its samples itself");
    }
    require_shape("sample_weight", samples.weight, samples.size(), 1);
    require_finite<T>(samples.weight, "sample_weight", poll);
    check_weights(samples.weight, poll);
  }
  if (samples.custom_cost) return;
  const ArrayView& y = samples.y;
  require_shape("y", y, samples.size(), samples.y_is_labels ? 1 : architecture.n_out());
  require_finite<T>(y, "y", poll);
  switch (architecture.loss.targets) {
    case TargetKind::kReal: break;
    case TargetKind::kUnitInterval: check_unit_interval(y, poll); break;
    case TargetKind::kDistribution:
      samples.y_is_labels ? check_labels(y, architecture.n_out(), poll)
                          : check_distributions(y, poll);
      break;
  }
}

template void check_numbers_of_x<float>(const RowSource&, Team&, Poll&);
template void check_numbers_of_x<double>(const RowSource&, Team&, Poll&);
template void check_samples(const Architecture&, const Samples<float>&, Poll&);
template void check_samples(const Architecture&, const Samples<double>&, Poll&);

}  // namespace chainrule
