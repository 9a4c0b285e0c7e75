// A network: its layers in order, its cost, and its parameters in one block. What Python's Network is made of, and
// what a C++ program embeds.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/layers/architecture.h"
#include "chainrule/layers/input.h"
#include "chainrule/memory/aligned_block.h"
#include "chainrule/memory/array_view.h"
#include "chainrule/network/fit_options.h"
#include "chainrule/network/history.h"
#include "chainrule/network/life_counts.h"
#include "chainrule/network/optimizer.h"
#include "chainrule/network/use_guard.h"
#include "chainrule/plan/layerwise_plan.h"
#include "chainrule/plan/plan.h"

namespace chainrule {

// Safe to predict with from many threads at once. A call that changes the parameters excludes every other: the
// second one gets ConcurrentUseError.
template <class T>
class Network {
 public:
  // Draws the first parameters from the seed. The spec is as Architecture takes it.
  Network(const Spec& spec, std::uint64_t seed, Poll poll = {});
  Network(const std::vector<Spec>& layers, const std::string& loss, std::uint64_t seed,
          Poll poll = {})
      : Network(network(layers, loss), seed, std::move(poll)) {}
  // Copies the first parameters, an array (1, n_parameters) of any type that is not looked at for NaN.
  Network(const Spec& spec, std::uint64_t seed, const ArrayView& parameters, Poll poll);

  const Architecture& architecture() const { return architecture_; }
  std::int64_t n_parameters() const { return architecture_.n_parameters(); }
  // (n_parameters,): layer by layer W (n_in, n_out), then b (n_out,)
  T* parameters() const { return parameters_.data(); }

  std::uint64_t id() const { return id_; }
  std::uint64_t seed() const { return seed_; }
  // Of the order of samples and of noise from now on.
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  // How many epochs of training have begun: the next one is shuffled by this number.
  std::int64_t epochs_begun() const { return life_.epochs_begun; }
  void set_epochs_begun(std::int64_t epochs) { life_.epochs_begun = epochs; }
  // How many steps have been finished, by fit() and train_step().
  std::int64_t steps_made() const { return life_.steps_made; }
  void set_steps_made(std::int64_t steps) { life_.steps_made = steps; }

  // Use at most so many threads; 0 for no limit of the network's own.
  int threads() const { return threads_; }
  void set_threads(int threads) { threads_ = threads; }
  // From the next training on, of this layer behind the input, as TrainingOptions says, those of a spec of it. Excludes every
  // other use.
  void set_options(std::size_t layer, const Spec& spec);
  // For callers that read or write the parameters themselves.
  UseGuard& uses() const { return uses_; }

  // How a pass with so many rows would be computed, in words.
  struct Report {
    std::string plan, product, target;
    int threads;
  };
  Report report(std::int64_t batch, bool trains) const;

  enum class Weights { kLast, kAveraged };
  // s = output for x (batch, n_in); s: (batch, n_out), overlapping neither x nor the parameters. Without
  // `check_finite`, NaN and infinities in x are computed with. Throws std::invalid_argument for averaged weights where there
  // are none.
  void predict(const RowSource& x, MatrixView<T> s, Poll& poll, bool check_finite = true,
               Weights weights = Weights::kLast) const;

  // The average of the weights (n_parameters,) over the steps with optimizers that ask for one; null before the first.
  const T* average() const {
    return !average_.any() ? nullptr : averaged_ ? parameters() : average_.values.data();
  }
  std::int64_t steps_in_average() const { return average_.steps; }
  // Goes on from there: an array (1, n_parameters) of any type. With 0 steps there is none.
  void restore_average(const ArrayView& values, std::int64_t steps, Poll& poll);
  // Exchanges the parameters and their average, unless they stand as it is wanted; returns whether it did. While the average
  // is in the place of the parameters, the network cannot be trained.
  bool use_average(bool wanted);

  double cost(const Samples<T>& samples, Poll& poll) const;

  // The cost and its gradient (n_parameters,), with the noise of a step or without any.
  double value_and_gradient(const Samples<T>& samples, T* gradient, Poll& poll,
                            const Noise& noise = {}) const;

  // One update with all samples as one batch. Returns the cost before it. Throws TrainingDiverged, with the
  // parameters at their last finite values.
  // `rate` is for an optimizer whose rate is a function.
  double train_step(const Samples<T>& samples, Optimizer& optimizer, Poll& poll,
                    const RateFunction& rate = {});

  // while (termination condition not met) w := w - epsilon dC/dw
  History fit(const Samples<T>& samples, Optimizer& optimizer, const FitOptions<T>& options,
              Poll& poll) {
    History history;
    fit(samples, optimizer, options, poll, history);
    return history;
  }
  // The same; the history is there as far as training came, also where it ends with an exception.
  void fit(const Samples<T>& samples, Optimizer& optimizer, const FitOptions<T>& options,
           Poll& poll, History& history);

  // Forward and backward once, with everything on the way kept; the gradient (n_parameters,) is written.
  struct Trace {
    double cost;
    std::unique_ptr<LayerwisePlan<T>> plan;
    MatrixView<const T> dC_ds;  // in the plan
  };
  Trace trace(const Samples<T>& samples, T* gradient, Poll& poll) const;

 private:
  class BorrowedPlan;

  void require_trainable() const;
  void require_average() const;
  TrainedParameters<T> trained_parameters() {
    return {id_, architecture_.parameters, parameters(), average_};
  }

  void give_back(std::unique_ptr<Plan<T>> plan, std::int64_t rows) const;

  Architecture architecture_;
  std::uint64_t seed_;
  std::uint64_t id_;  // tells networks apart for as long as the process lives
  LifeCounts life_;
  bool warned_of_targets_ = false;
  std::atomic<int> threads_{0};
  AlignedBlock<T> parameters_;
  WeightAverage<T> average_;
  bool averaged_ = false;  // parameters_ holds the average, and average_ the parameters
  mutable UseGuard uses_;
  mutable std::atomic<Plan<T>*> idle_plan_{nullptr};
  mutable std::atomic<int> small_calls_{
      0};  // in a row, that needed far less memory than the plan has

 public:
  ~Network() { delete idle_plan_.load(); }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
};

}  // namespace chainrule
