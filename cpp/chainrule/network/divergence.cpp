// The search for causes of a divergence, and the words for them.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/divergence.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "chainrule/kernels/all_targets.h"
#include "chainrule/layers/architecture.h"

namespace chainrule {
namespace {

// Where values are larger than this, it is they that make costs and gradients overflow, or steps too long.
constexpr double kLarge = 1e3;

// The column of the value with the largest magnitude, and its range.
struct Extreme {
  std::int64_t column = 0;
  double lowest = 0, highest = 0;

  double magnitude() const { return std::max(std::fabs(lowest), std::fabs(highest)); }
  bool large() const { return magnitude() > kLarge; }
};

Extreme extreme_of(const RowSource& rows, Poll& poll) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  const KernelTable<double>& kernels = tables_of<double>(current_target()).kernels;
  const auto cols = static_cast<std::size_t>(rows.cols());
  std::vector<double> row(cols), lowest(cols, kNone), highest(cols, -kNone);
  for (std::int64_t i = 0; i < rows.rows(); ++i) {
    rows.gather(one_row(i), Destination<double>::row(row.data(), rows.cols()), kernels);
    for (std::size_t j = 0; j < cols;
         ++j) {  // a target that is missing is NaN, and changes nothing
      lowest[j] = std::min(lowest[j], row[j]);
      highest[j] = std::max(highest[j], row[j]);
    }
    if (i % 64 == 0) poll();
  }
  Extreme extreme;
  for (std::size_t j = 0; j < cols; ++j) {
    if (lowest[j] > highest[j]) continue;
    const Extreme of_column{static_cast<std::int64_t>(j), lowest[j], highest[j]};
    if (of_column.magnitude() > extreme.magnitude()) extreme = of_column;
  }
  return extreme;
}

// To four digits: a number that is only to be compared.
std::string rounded(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", number);
  return text;
}

std::string list_of(const std::vector<std::string>& items, const char* between) {
  std::string list;
  for (const std::string& each : items) list += (list.empty() ? "" : between) + each;
  return list;
}

std::string range_text(const char* name, const Extreme& extreme) {
  const std::string lowest = rounded(extreme.lowest), highest = rounded(extreme.highest);
  return std::string(name) + " is not scaled: its column " + std::to_string(extreme.column) +
         (lowest == highest ? " is " + highest : " goes from " + lowest + " to " + highest);
}

// Where it began; empty where that is not known.
std::string place_of(const FirstNotFinite& first) {
  const std::string layer = "layer " + std::to_string(shown_number(first.layer));
  switch (first.where) {
    case Where::kNowhere: return "";
    case Where::kForward: return ", first in " + layer + " on the way forward";
    case Where::kCost: return ", first in the cost of the outputs of " + layer;
    case Where::kPenalty: return ", first in the penalty of the weights of " + layer;
    case Where::kBackward: return ", first in " + layer + " on the way back";
    case Where::kNorm: return ", first in the norm of the gradient";
    case Where::kUpdate: return ", first in the new weights of " + layer;
  }
  return "";
}

template <class T>
std::string advice_of(const Divergence<T>& divergence, Poll& poll) {
  const Samples<T>& samples = divergence.samples;
  const bool of_function = samples.custom_cost && divergence.first.where == Where::kCost;
  const double rate = divergence.learning_rate, norm = divergence.first.gradient_norm.value_or(0);
  const Extreme x = extreme_of(samples.x, poll);
  Extreme y;
  if (!samples.custom_cost && !samples.y_is_labels) y = extreme_of(samples.y, poll);
  const bool explodes = !(norm <= kLarge);

  std::vector<std::string> causes, cures;
  if (of_function) causes.push_back("the cost function, your own, left what is not finite");
  if (y.large()) causes.push_back(range_text("y", y));
  if (x.large()) causes.push_back(range_text("x", x));
  const bool ordinary = causes.empty();
  if (ordinary && rate > 0)
    causes.push_back("the learning rate " + text_of(rate) + " is too large");
  if (ordinary && std::isnan(rate)) causes.push_back("the weights have become too large");
  if (ordinary && rate == 0) causes.push_back("the weights that it began with are too large");
  if (explodes && !of_function) {
    std::string cause = "the gradient explodes, its norm is ";
    cause += std::isfinite(norm) ? rounded(norm) : "not finite";
    if (!std::isnan(divergence.norm_before)) {
      cause += ", " + rounded(divergence.norm_before) + " one step before";
    }
    causes.push_back(cause);
  }

  if (y.large()) cures.emplace_back("y scaled to about 1");
  if (x.large()) cures.emplace_back("x scaled to about 1");
  if (rate > 0) {
    cures.push_back("a smaller learning rate than " + text_of(rate));
    if (!x.large() && !y.large()) cures.emplace_back("x and y scaled to about 1");
    if (explodes && !divergence.clips) cures.emplace_back("the optimizer's clip_norm");
  }
  if (samples.custom_cost) cures.emplace_back("another cost function: this one is your own");
  if (cures.empty()) cures.emplace_back("smaller weights");
  return "Likely cause: " + list_of(causes, "; ") + ". What may help: " + list_of(cures, "; or ");
}

}  // namespace

std::string what_diverged(double cost) {
  return std::isfinite(cost) ? "a gradient or a weight is no longer finite"
                             : "the cost became " + text_of(cost);
}

template <class T>
Divergence<T> divergence_in_step(const FailedStep<T>& step, const Optimizer::Session<T>& session,
                                 bool has_changed, Team& team, Poll& poll) {
  Divergence<T> divergence{what_diverged(step.cost), step.batch.samples};
  if (has_changed || step.updates) divergence.learning_rate = session.learning_rate();
  divergence.clips = !session.transforms().empty();
  divergence.first = first_not_finite(step, team, poll);
  return divergence;
}
template Divergence<float> divergence_in_step(const FailedStep<float>&,
                                              const Optimizer::Session<float>&, bool, Team&, Poll&);
template Divergence<double> divergence_in_step(const FailedStep<double>&,
                                               const Optimizer::Session<double>&, bool, Team&,
                                               Poll&);

template <class T>
TrainingDiverged training_diverged(const Divergence<T>& divergence, Poll& poll) {
  const FirstNotFinite& first = divergence.first;
  TrainingDiverged error(divergence.what + place_of(first), "the last finite ones",
                         advice_of(divergence, poll));
  error.epoch = divergence.epoch;
  error.step = divergence.step;
  if (first.where != Where::kNowhere && first.where != Where::kNorm) {
    error.layer = shown_number(first.layer);
  }
  return error;
}
template TrainingDiverged training_diverged(const Divergence<float>&, Poll&);
template TrainingDiverged training_diverged(const Divergence<double>&, Poll&);

}  // namespace chainrule
