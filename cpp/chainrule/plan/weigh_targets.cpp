// Weights of samples from their targets, some rows at a time.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/weigh_targets.h"

#include <algorithm>
#include <cmath>

namespace chainrule {
namespace {

constexpr std::int64_t kRowsAtOnce = 64;

// What the weights of all classes have at this label.
double of_label(const std::vector<double>& by_class, double label) {
  if (by_class.empty()) return 1;
  // It was checked, but another thread may write to the user's array.
  if (!(label >= 0 && label < static_cast<double>(by_class.size()))) throw_changed("y");
  return by_class[static_cast<std::size_t>(label)];
}

// The mean weight of the classes that y says the sample may be of; 0 where y is missing.
double of_classes(const std::vector<double>& by_class, TargetKind kind, const double* y) {
  if (by_class.empty()) return 1;
  if (kind == TargetKind::kDistribution) {
    double sum = 0;
    for (std::size_t j = 0; j < by_class.size(); ++j) sum += y[j] * by_class[j];
    return sum;
  }
  if (std::isnan(*y)) return 0;
  const double yes = kind == TargetKind::kSigns ? (*y + 1) / 2 : *y;
  return (1 - yes) * by_class[0] + yes * by_class[1];
}

double part_present(const double* y, std::int64_t n) {
  const auto missing = std::count_if(y, y + n, [](double target) { return std::isnan(target); });
  return static_cast<double>(n - missing) / static_cast<double>(n);
}

}  // namespace

template <class T>
double TargetWeights::weigh(const Loss& loss, const Samples<T>& samples, const Rows& rows,
                            double* weights) {
  const std::int64_t cols = samples.y.cols;
  targets_.resize(static_cast<std::size_t>(kRowsAtOnce * cols));
  double sum = 0;
  for (std::int64_t first = 0; first < rows.size(); first += kRowsAtOnce) {
    const std::int64_t count = std::min(kRowsAtOnce, rows.size() - first);
    gather_rows(samples.y, rows.part({first, first + count}),
                MatrixView<double>(targets_.data(), count, cols));
    const double* y = targets_.data();
    for (std::int64_t i = first; i < first + count; ++i, y += cols) {
      if (samples.y_is_labels) {
        weights[i] *= of_label(samples.class_weight, *y);
        sum += weights[i] * of_label(loss.class_weight, *y);
      } else {
        weights[i] *= of_classes(samples.class_weight, loss.targets, y);
        sum += loss.masks_nan ? weights[i] * part_present(y, cols) : weights[i];
      }
    }
  }
  return sum;
}

template double TargetWeights::weigh(const Loss&, const Samples<float>&, const Rows&, double*);
template double TargetWeights::weigh(const Loss&, const Samples<double>&, const Rows&, double*);

}  // namespace chainrule
