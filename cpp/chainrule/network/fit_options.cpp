// Checks of what a training is told.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/fit_options.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

#include "chainrule/error.h"
#include "chainrule/network/check_minimizer.h"
#include "chainrule/network/observers/make.h"

namespace chainrule {
namespace {

template <class T>
bool can_stop(const FitOptions<T>& options) {
  return options.minimizer || !options.stop.empty() ||
         std::any_of(options.callbacks.begin(), options.callbacks.end(),
                     [](const Observer* each) { return each->watches() != Watches::kEnds; });
}

template <class T>
void require_minimizable(const FitOptions<T>& options, const Architecture& architecture,
                         std::int64_t n_samples) {
  if (options.batch_size < n_samples || options.order.data) {
    throw std::invalid_argument(
        "a minimizer such as LBFGS takes all samples at once, so it goes with neither batches nor "
        "an order of samples");
  }
  if (options.position || !options.checkpoints.empty()) {
    throw std::invalid_argument("what a minimizer remembers is no part of a position");
  }
  check_minimizer(architecture);
}

void require_rate_to_halve(bool minimizes, const Optimizer& optimizer) {
  if (!minimizes && !optimizer.reads_rate_once()) return;
  throw std::invalid_argument("on_divergence \"restore\" halves the learning rate, which " +
                              (minimizes ? "a minimizer such as LBFGS does not have"
                                         : optimizer.name() + " reads in its first step only") +
                              "; let it be \"raise\" or \"stop\"");
}

}  // namespace

template <class T>
void check_fit_options(const FitOptions<T>& options, const Architecture& architecture,
                       const Optimizer& optimizer, std::int64_t n_samples, Poll& poll) {
  if (options.epochs < 0 && options.epochs != FitOptions<T>::kUntilStopped) {
    throw std::invalid_argument("epochs must be >= 0, got " + std::to_string(options.epochs));
  }
  if (options.epochs == FitOptions<T>::kUntilStopped && !can_stop(options)) {
    throw std::invalid_argument(
        "without a number of epochs, training needs a stop condition or a callback that may stop "
        "it");
  }
  if (options.batch_size < 1) {
    throw std::invalid_argument("batch_size must be >= 1, got " +
                                std::to_string(options.batch_size));
  }
  if (options.minimizer) require_minimizable(options, architecture, n_samples);
  if (options.on_divergence == OnDivergence::kRestore) {
    require_rate_to_halve(options.minimizer != nullptr, optimizer);
  }
  for (const Spec& spec : options.stop) make_observer(spec, options.questions);
  std::set<std::string> names{Quantity::kCost, Quantity::kValidationCost, Quantity::kLearningRate,
                              Quantity::kGradientNorm, Quantity::kSeconds};
  for (const Quantity& each : options.metrics.quantities) {
    if (names.insert(each.name).second) continue;
    throw std::invalid_argument("two recorded quantities have the name \"" + each.name + "\"");
  }
  const ArrayView& order = options.order;
  if (!order.data) return;
  if (options.epochs == FitOptions<T>::kUntilStopped) {
    throw std::invalid_argument("an order of samples goes with a number of epochs");
  }
  if (order.rows != options.epochs || order.cols != n_samples) {
    throw ShapeError("order has shape " + shape_text(order.rows, order.cols) + ", expected " +
                     shape_text(options.epochs, n_samples) + ", (epochs, samples)");
  }
  // As doubles, which tell a number that no int64 holds from one that is right.
  std::vector<double> epoch(static_cast<std::size_t>(n_samples));
  for (std::int64_t i = 0; i < order.rows; ++i) {
    gather_rows(order, one_row(i), MatrixView<double>(epoch.data(), 1, n_samples));
    for (std::int64_t j = 0; j < n_samples; ++j) {
      const double sample = epoch[static_cast<std::size_t>(j)];
      if (sample >= 0 && sample < static_cast<double>(n_samples)) continue;
      throw std::invalid_argument("order has " + text_of(sample) + " in row " + std::to_string(i) +
                                  ", column " + std::to_string(j) +
                                  "; expected numbers of samples from 0 to " +
                                  std::to_string(n_samples - 1));
    }
    poll();
  }
}

template void check_fit_options(const FitOptions<float>&, const Architecture&, const Optimizer&,
                                std::int64_t, Poll&);
template void check_fit_options(const FitOptions<double>&, const Architecture&, const Optimizer&,
                                std::int64_t, Poll&);

}  // namespace chainrule
