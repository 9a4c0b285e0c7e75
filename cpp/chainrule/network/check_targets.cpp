// The checks of y, one kind of targets after the other.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/check_targets.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "chainrule/activations/list.h"
#include "chainrule/kernels/all_targets.h"
#include "chainrule/network/check_values.h"

namespace chainrule {
namespace {

bool holds(TargetKind kind, double target) {
  switch (kind) {
    case TargetKind::kNotNegative: return target >= 0;
    case TargetKind::kUnitInterval: return target >= 0 && target <= 1;
    case TargetKind::kSigns: return target == -1 || target == 1;
    default: return true;
  }
}

const char* text_of_kind(TargetKind kind) {
  switch (kind) {
    case TargetKind::kNotNegative: return "numbers >= 0";
    case TargetKind::kUnitInterval: return "numbers from 0 to 1";
    case TargetKind::kSigns: return "-1 or 1";
    default: return "finite numbers";
  }
}

void check_each(const ArrayView& y, TargetKind kind, Poll& poll) {
  for_each_row(y, poll, [&](const double* row, std::int64_t i) {
    for (std::int64_t j = 0; j < y.cols; ++j) {
      if (!holds(kind, row[j])) throw_bad_value("y", row[j], i, j, text_of_kind(kind));
    }
  });
}

// NaN is a missing target; one at least must be there.
template <class T>
void check_each_but_missing(const ArrayView& y, TargetKind kind, Poll& poll) {
  bool any = false;
  for_each_row(y, poll, [&](const double* row, std::int64_t i) {
    for (std::int64_t j = 0; j < y.cols; ++j) {
      if (std::isnan(row[j])) continue;
      const bool fits = std::fabs(row[j]) <= static_cast<double>(std::numeric_limits<T>::max());
      if (!fits || !holds(kind, row[j])) {
        throw_bad_value("y", row[j], i, j, std::string(text_of_kind(kind)) + ", or NaN");
      }
      any = true;
    }
  });
  if (!any) throw std::invalid_argument("y has no targets: all are NaN");
}

void check_labels(const ArrayView& y, std::int64_t n_out, Poll& poll) {
  for_each_row(y, poll, [&](const double* label, std::int64_t i) {
    if (*label >= 0 && *label < static_cast<double>(n_out) && *label == std::floor(*label)) return;
    throw_bad_value("y", *label, i, 0,
                    "labels that are whole numbers from 0 to " + std::to_string(n_out - 1));
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

}  // namespace

std::string Classes::listed() const {
  return std::to_string(first) + (count == 2 ? " and " : " to ") +
         std::to_string(first + (count - 1) * step);
}

Classes classes_of(const Architecture& architecture) {
  const std::int64_t n_out = architecture.n_out();
  if (!architecture.loss.custom) {
    switch (architecture.loss.targets) {
      case TargetKind::kDistribution: return {n_out, 0, 1};
      case TargetKind::kUnitInterval:
        if (n_out == 1) return {2, 0, 1};
        break;
      case TargetKind::kSigns:
        if (n_out == 1) return {2, -1, 2};
        break;
      default: break;
    }
  }
  throw std::invalid_argument(
      "class_weight goes with targets that are one class for each sample, which this network and "
      "its loss do not have; sample_weight goes with any");
}

template <class T>
void check_targets(const Architecture& architecture, const Samples<T>& samples, Poll& poll) {
  const ArrayView& y = samples.y;
  const Loss& loss = architecture.loss;
  if (loss.masks_nan) return check_each_but_missing<T>(y, loss.targets, poll);
  check_finite<T>(y, {0, y.rows}, "y", tables_of<T>(current_target()).kernels.all_finite, poll);
  if (samples.y_is_labels) {
    check_labels(y, architecture.n_out(), poll);
  } else if (loss.targets == TargetKind::kDistribution) {
    check_distributions(y, poll);
  } else if (loss.targets != TargetKind::kReal) {
    check_each(y, loss.targets, poll);
  }
}

template <class T>
std::string unreachable_targets(const Architecture& architecture, const Samples<T>& samples,
                                Poll& poll) {
  const int activation = architecture.output().activation.index;
  const OutputRange range = output_range(activation);
  const Loss& loss = architecture.loss;
  if (loss.custom || loss.targets != TargetKind::kReal || !range.is_bounded()) return "";
  double lowest = range.highest, highest = range.lowest;
  for_each_row(samples.y, poll, [&](const double* row, std::int64_t) {
    for (std::int64_t j = 0; j < samples.y.cols; ++j) {
      if (std::isnan(row[j])) continue;
      lowest = std::min(lowest, row[j]);
      highest = std::max(highest, row[j]);
    }
  });
  if (lowest >= range.lowest && highest <= range.highest) return "";
  const std::string f = Activations::names()[static_cast<std::size_t>(activation)];
  const std::string of_loss = Losses::names()[static_cast<std::size_t>(loss.choice.index)];
  return "y goes from " + text_of(lowest) + " to " + text_of(highest) + ", but the outputs of " +
         f + " lie between " + text_of(range.lowest) + " and " + text_of(range.highest) + ": " +
         of_loss + " cannot become small; scale y, or end with another activation, such as " +
         "identity";
}

template void check_targets(const Architecture&, const Samples<float>&, Poll&);
template void check_targets(const Architecture&, const Samples<double>&, Poll&);
template std::string unreachable_targets(const Architecture&, const Samples<float>&, Poll&);
template std::string unreachable_targets(const Architecture&, const Samples<double>&, Poll&);

}  // namespace chainrule
