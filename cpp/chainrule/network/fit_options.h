// What a training is told beside its samples and its optimizer.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/layers/architecture.h"
#include "chainrule/memory/array_view.h"
#include "chainrule/network/minimizer.h"
#include "chainrule/network/observers/observer.h"
#include "chainrule/network/optimizer.h"
#include "chainrule/network/position.h"
#include "chainrule/network/quantity.h"
#include "chainrule/plan/samples.h"
#include "chainrule/poll.h"
#include "chainrule/spec.h"

namespace chainrule {

// Quantities that the caller computes after each whole epoch, after its validation. Then the parameters are those of the last
// finished step, and the thread that is asked may read the network and the optimizer.
struct Metrics {
  std::vector<Quantity> quantities{};
  std::function<void(double* values)> compute{};
};

// What becomes of a training whose cost, gradient or weights are no longer finite.
enum class OnDivergence {
  kRaise,  // TrainingDiverged
  kStop,   // it ends, as by a condition, with the last finite weights
  // It goes on from its last whole epoch with half the learning rate, kMostRestores times at most; refused where there is no rate
  // to halve, with a minimizer or an optimizer that reads it once.
  kRestore
};

// Has the position written down while the training goes on: after every so many whole epochs, after the first steps that end so many
// seconds after the last time, 0 for neither, and where it ends without an exception or a divergence. Within save(), the thread may read the network and the
// optimizer, which are at the last finished step. Its exceptions end the training.
struct Checkpoint {
  std::int64_t every_epochs = 0;
  double every_seconds = 0;
  std::function<void(const Position&)> save{};
};

// What a warning is about.
enum class Warning { kTargets, kDivergence };

template <class T>
struct FitOptions {
  static constexpr std::int64_t kUntilStopped = -1;
  static constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();

  std::int64_t epochs = 1;  // or kUntilStopped
  std::int64_t batch_size = 32;
  bool shuffle = true;
  ArrayView order;  // (epochs, n) numbers of samples, instead of shuffling; or no data
  std::vector<Spec> stop;
  Questions questions;  // those of the conditions that ask the caller
  // The caller's own, told after the conditions. While one is called, its thread may read the network and the optimizer,
  // which are at the last finished step.
  std::vector<Observer*> callbacks;
  const Samples<T>* validation = nullptr;
  Metrics metrics;
  // Makes the steps in place of the optimizer, with all samples at once: batch_size is at least their number. The history has no
  // learning rates then, and the cost of an epoch is that of the parameters after it. Networks that check_minimizer.h refuses do
  // not go with it.
  Minimizer minimizer;
  RateFunction rate;  // of an optimizer whose learning rate is a function
  // Whether to record it: the gradient of each step is computed as a whole then.
  bool gradient_norm = false;
  static constexpr std::size_t kMostRestores = 5;
  OnDivergence on_divergence = OnDivergence::kRaise;
  std::function<void(const std::string&, Warning)> warn;  // hears what is no error; may throw
  // Where the training begins, if it is not empty. Then where it is left, if that is before its end: by an exception, or
  // after so many steps; empty where it came to its end.
  Position* position = nullptr;
  std::int64_t leave_after = kToTheEnd;
  std::vector<Checkpoint> checkpoints;
};

// Throws std::invalid_argument or ShapeError that says what came and what was expected.
template <class T>
void check_fit_options(const FitOptions<T>& options, const Architecture& architecture,
                       const Optimizer& optimizer, std::int64_t n_samples, Poll& poll);

}  // namespace chainrule
