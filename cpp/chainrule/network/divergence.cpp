// The search for causes of a divergence.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/divergence.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/kernels/all_targets.h"

namespace chainrule {
namespace {

// Where values are larger than this, it is they that make costs and gradients overflow, or steps too long.
constexpr double kLarge = 1e3;

double largest(const RowSource& rows, Poll& poll) {
  const KernelTable<double>& kernels = tables_of<double>(current_target()).kernels;
  double largest = 0;
  std::vector<double> row(static_cast<std::size_t>(rows.cols()));
  for (std::int64_t i = 0; i < rows.rows(); ++i) {
    rows.gather(one_row(i), Destination<double>::row(row.data(), rows.cols()), kernels);
    for (const double value : row) largest = std::max(largest, std::fabs(value));
    if (i % 64 == 0) poll();
  }
  return largest;
}

}  // namespace

std::string what_diverged(double cost) {
  return std::isfinite(cost) ? "a gradient or a weight is no longer finite"
                             : "the cost became " + text_of(cost);
}

template <class T>
void throw_diverged(const std::string& what, const Samples<T>& samples, double learning_rate,
                    Poll& poll) {
  std::string cures;
  const auto add = [&](const std::string& cure) { cures += (cures.empty() ? "" : "; or ") + cure; };
  const double x = largest(samples.x, poll);
  const double y = samples.custom_cost || samples.y_is_labels ? 0 : largest(samples.y, poll);
  if (y > kLarge) add("y, which goes up to " + text_of(y) + ", scaled to about 1");
  if (x > kLarge) add("x, which goes up to " + text_of(x) + ", scaled to about 1");
  if (learning_rate > 0) {
    add("a smaller learning rate than " + text_of(learning_rate));
    if (cures.find("scaled") == std::string::npos) add("x and y scaled to about 1");
  }
  if (samples.custom_cost) add("another cost function: this one is your own");
  if (cures.empty()) add("smaller weights");
  throw TrainingDiverged(what + "; the weights are the last finite ones. What may help: " + cures);
}
template void throw_diverged(const std::string&, const Samples<float>&, double, Poll&);
template void throw_diverged(const std::string&, const Samples<double>&, double, Poll&);

}  // namespace chainrule
