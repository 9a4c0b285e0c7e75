// while (termination condition not met) w := w - epsilon dC/dw: epochs, shuffled mini-batches, validation, stopping; as an
// object whose position can be written down after every step and taken up again.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "chainrule/network/best_weights.h"
#include "chainrule/network/fit_options.h"
#include "chainrule/network/history.h"
#include "chainrule/network/last_epoch.h"
#include "chainrule/network/life_counts.h"
#include "chainrule/network/observers/group.h"
#include "chainrule/network/optimizer.h"
#include "chainrule/network/sample_order.h"
#include "chainrule/network/step_maker.h"
#include "chainrule/network/use_guard.h"
#include "chainrule/plan/plan.h"

namespace chainrule {

// What a training has of the network that it trains.
template <class T>
struct TrainedNetwork {
  T* parameters;
  std::int64_t n_parameters;
  std::uint64_t seed;
  LifeCounts& life;
  UseGuard& uses;
};

template <class T>
class Training {
 public:
  // Everything but options.position is checked already. What is passed outlives the training; the history is filled in, also
  // where it ends with an exception. Throws std::invalid_argument, with nothing changed, where the position is that of another
  // training.
  Training(const TrainedNetwork<T>& network, Plan<T>& plan, Optimizer::Session<T>& session,
           const Samples<T>& samples, const FitOptions<T>& options, Team& team, Poll& poll,
           History& history);

  // To its end. Throws TrainingDiverged as FitOptions::on_divergence says, with the parameters at their last finite values or
  // those of the last whole epoch.
  void go_on();

  // After the last finished step. The parameters are the network's, the states the optimizer's.
  Position position() const;

 private:
  // Writes the seconds of its life, and those before it, down when it ends, however that comes.
  class Stopwatch {
   public:
    explicit Stopwatch(double& total) : total_(total) {}
    ~Stopwatch() { total_ = seconds(); }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

    void go_on_from(double seconds) { before_ = seconds; }
    double seconds() const {
      return before_ + std::chrono::duration<double>(Clock::now() - start_).count();
    }

   private:
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start_ = Clock::now();
    double before_ = 0;
    double& total_;
  };

  void open_columns();
  Column& column(const char* name);
  void take_up(const Position& position);
  bool stopped() const { return given_up_ || stopped_by_ != ObserverGroup::kNobody; }
  bool complete() const { return stopped() || epoch_ == options_.epochs; }
  void make_steps();
  // Has options.minimizer make all of them.
  class Minimized;
  void minimize();
  void finish_iteration();
  void end_epoch();
  void end();

  // Where a step or a cost was not finite, diverged_ is filled in; then end_divergence() says what comes of it.
  void diverge_in_step(Rows failed);
  void diverge_before_steps(double cost);
  bool diverges(const char* name, double cost, const Samples<T>& samples);
  void end_divergence();
  void keep_epoch();
  void go_back();
  void go_on_slower(const TrainingDiverged& error);

  void measure();
  // The record of this moment, with what is recorded of the last whole epoch.
  Record record() const;
  Record record_of_step() const;
  // Has the callbacks told, if one of them watches so closely.
  template <class Tell>
  void call_back(Watches closely, Tell&& tell);
  void call_back_after_step();
  void save_checkpoints(bool after_epoch);
  void save_last_checkpoints();
  void save_checkpoint(std::size_t i);

  const TrainedNetwork<T> network_;
  Plan<T>& plan_;
  Optimizer::Session<T>& session_;
  const Samples<T>& samples_;
  const FitOptions<T>& options_;
  Team& team_;
  Poll& poll_;
  History& history_;
  Stopwatch stopwatch_;

  const std::int64_t batch_size_;
  SampleOrder order_;
  const std::vector<std::unique_ptr<Observer>> stop_;
  const bool records_norm_;
  const ObserverGroup conditions_, callbacks_;
  StepMaker<T> steps_;
  const Monitor* const best_by_;
  BestWeights<T> best_;
  LastEpoch<T> last_epoch_;  // kept for OnDivergence::kRestore alone

  // The position
  std::int64_t epoch_ = 0;           // whole ones
  std::int64_t first_ = 0;           // of the epoch's samples, in the next batch
  std::int64_t steps_finished_ = 0;  // in this training
  CostSums cost_;                    // of the epoch so far
  double norm_sum_ = 0;              // of its gradients' norms
  std::int64_t norms_ = 0;           // how many there are
  double epoch_seconds_ = 0;         // for its steps, until its last turn began
  double turn_began_ = 0;            // and when that was

  std::int64_t steps_left_;  // until the training is to be left
  std::int64_t rounds_ = 0;
  int stopped_by_ = ObserverGroup::kNobody;
  double norm_before_ =
      std::numeric_limits<double>::quiet_NaN();  // of the last finished step's gradient
  std::optional<TrainingDiverged> diverged_;
  bool given_up_ = false;  // at a divergence
  struct Saved {
    double seconds;
    std::int64_t steps;
  };
  std::vector<Saved> saved_;  // when each checkpoint was written last
};

}  // namespace chainrule
