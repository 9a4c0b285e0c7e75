// while (termination condition not met) w := w - epsilon dC/dw: epochs, shuffled mini-batches, validation, stopping.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/network/optimizer.h"
#include "chainrule/network/stop_conditions.h"
#include "chainrule/plan/plan.h"
#include "chainrule/spec.h"

namespace chainrule {

template <class T>
struct FitOptions {
  static constexpr std::int64_t kUntilStopped = -1;

  std::int64_t epochs = 1;  // or kUntilStopped
  std::int64_t batch_size = 32;
  bool shuffle = true;
  ArrayView order;  // (epochs, n) numbers of samples, instead of shuffling; or no data
  std::vector<Spec> stop;
  Questions questions;  // those of the conditions that ask the caller
  const Samples<T>* validation = nullptr;
};

struct History {
  static constexpr int kAllEpochs = -1;

  std::vector<double> cost;  // of each whole epoch: the mean over its samples, before their updates
  std::vector<double> validation_cost;  // after each whole epoch
  double seconds = 0;
  int stopped_by = kAllEpochs;  // or the index in FitOptions::stop
  bool begun = false;           // false: what was asked for was refused, and no step made
};

// Throws std::invalid_argument or ShapeError that says what came and what was expected.
template <class T>
void check_fit_options(const FitOptions<T>& options, std::int64_t n_samples, Poll& poll);

// Predictions and costs of many samples are computed this many rows at a time.
constexpr std::int64_t kRowsAtOnce = 1024;

// How many rows mean_cost() takes of these samples.
template <class T>
std::int64_t rows_at_once(const Samples<T>& samples);

// Everything is checked already. Epoch number `epochs_begun` of the seed's shuffle stream comes first; the count
// goes on with each epoch. Throws TrainingDiverged with the parameters at their last finite values.
template <class T>
void run_training_loop(Plan<T>& plan, typename Optimizer::Session<T>& session,
                       const Samples<T>& samples, const FitOptions<T>& options, std::uint64_t seed,
                       std::int64_t& epochs_begun, Team& team, Poll& poll, History& history);

}  // namespace chainrule
