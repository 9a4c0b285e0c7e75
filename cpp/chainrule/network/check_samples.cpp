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
#include "chainrule/network/check_targets.h"
#include "chainrule/network/check_values.h"
#include "chainrule/network/rows_at_once.h"
#include "chainrule/plan/weigh_targets.h"

namespace chainrule {
namespace {

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

void check_class_weight(const Architecture& architecture, const std::vector<double>& weights) {
  const auto count = static_cast<std::size_t>(classes_of(architecture).count);
  if (weights.size() != count) {
    throw std::invalid_argument("class_weight has " + std::to_string(weights.size()) +
                                " numbers, but this network has " + std::to_string(count) +
                                " classes");
  }
  for (std::size_t i = 0; i < count; ++i) {
    require(std::isfinite(weights[i]) && weights[i] >= 0, "class_weight[" + std::to_string(i) + "]",
            "a finite number >= 0", weights[i]);
  }
}

// Some sample must count: one that has a weight, of a class that has one, with a target that is there.
template <class T>
void require_weight(const Loss& loss, const Samples<T>& samples, Poll& poll) {
  TargetWeights target_weights;
  std::vector<double> weights;
  double sum = 0;
  for (std::int64_t first = 0; first < samples.size(); first += kRowsAtOnce) {
    const Rows rows{nullptr, {first, std::min(first + kRowsAtOnce, samples.size())}};
    weights.assign(static_cast<std::size_t>(rows.size()), 1.0);
    if (samples.weight.data) {
      gather_rows(samples.weight, rows, MatrixView<double>(weights.data(), rows.size(), 1));
    }
    sum += target_weights.weigh(loss, samples, rows, weights.data());
    poll();
  }
  if (sum > 0) return;
  throw std::invalid_argument(
      std::string("no sample counts: ") +
      (samples.class_weight.empty() && loss.class_weight.empty() ? "" : "class_weight is 0, ") +
      (samples.weight.data ? "sample_weight is 0, " : "") + (loss.masks_nan ? "y is NaN, " : "") +
      "for each of them");
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
  const std::int64_t cols = samples.y_is_labels ? 1 : architecture.n_targets();
  require_shape("y", samples.y, samples.size(), cols);
  check_targets(architecture, samples, poll);
  if (!samples.class_weight.empty()) check_class_weight(architecture, samples.class_weight);
  if (targets_weigh(architecture.loss, samples)) {
    require_weight(architecture.loss, samples, poll);
  }
}

template void check_numbers_of_x<float>(const RowSource&, Team&, Poll&);
template void check_numbers_of_x<double>(const RowSource&, Team&, Poll&);
template void check_samples(const Architecture&, const Samples<float>&, Poll&);
template void check_samples(const Architecture&, const Samples<double>&, Poll&);

}  // namespace chainrule
