// An optimizer at work: its hyperparameters, what it does to the gradient first, how many steps it has made, and its state beside
// the parameters of the one network that it serves.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "chainrule/gradients/list.h"
#include "chainrule/kernels/kernel_table.h"
#include "chainrule/layers/parameter_blocks.h"
#include "chainrule/memory/aligned_block.h"
#include "chainrule/network/schedules/schedule.h"
#include "chainrule/network/use_guard.h"
#include "chainrule/network/weight_average.h"
#include "chainrule/plan/accumulation.h"
#include "chainrule/poll.h"
#include "chainrule/spec.h"
#include "chainrule/threads/team.h"

namespace chainrule {

// A learning rate that the caller computes, from the optimizer's steps and whole epochs so far.
using RateFunction = std::function<double(std::int64_t step, std::int64_t epoch)>;

// What every optimizer takes beside its own hyperparameters.
constexpr Parameter kAccumulate = {"accumulate", 1, Allowed::kCount,
                                   "how many batches make one step"};
constexpr Parameter kEma = {"ema", kRequired, Allowed::kPositiveFraction,
                            "the decay of an average of the weights"};

// What a session trains.
template <class T>
struct TrainedParameters {
  std::uint64_t network_id;
  const ParameterBlocks& blocks;
  const T* values;
  WeightAverage<T>& average;
};

class Optimizer {
 public:
  static constexpr const char* kRateFunction = "function";  // a schedule that is a RateFunction

  // parts: "gradient", a gradient transform, any number of them; "learning_rate", a schedule that stands for the number. Throws std::invalid_argument for an unknown name or a
  // number that the optimizer refuses.
  explicit Optimizer(const Spec& spec);

  // The spec that it could be made from now, with every number.
  Spec spec() const;
  // From the next step on. All of it, or nothing where something is refused; the name must be the same.
  void configure(const Spec& spec);
  double number(const std::string& name) const;
  std::string name() const;
  // Whether its learning rate counts in its first step alone, so that another one later changes nothing.
  bool reads_rate_once() const;

  std::int64_t steps() const { return steps_; }
  // Whether its learning rate is a function, which the caller then gives.
  bool asks_for_rate() const { return schedule_spec_.name == kRateFunction; }
  // Whole epochs in trainings.
  std::int64_t epochs() const { return epochs_; }

  template <class Value>
  using ByName = std::vector<std::pair<std::string, Value>>;
  // A copy of each array of state ("m", "v", ...); none before the first step.
  ByName<std::vector<double>> states();
  // The numbers that it carries from step to step.
  ByName<double> running();
  // Continues from what steps(), states() and running() gave; the next network that is trained becomes its own. Throws
  // std::invalid_argument for a name that this optimizer does not have.
  void restore(std::int64_t steps, const ByName<std::vector<double>>& states,
               const ByName<double>& running);
  // Whether this is an optimizer that another network than this one cannot do without.
  bool holds_state_of_another(std::uint64_t network_id) const {
    return holds_state() && states_of_ != kAny && states_of_ != network_id;
  }
  // Where the schedule is, by name, beside the steps; and to go on from there.
  Schedule::Memory schedule_memory() const;
  void restore_schedule(const Spec& memory);

  // While this lives, the optimizer serves a network, and only that. Allocates the state on first use.
  template <class T>
  class Session {
   public:
    // Throws std::invalid_argument if the state belongs to another network. The optimizer becomes this network's
    // own with the first step that is finished. `rate` is for an optimizer whose rate is a function, and outlives the session.
    Session(Optimizer& optimizer, const TrainedParameters<T>& parameters, const RateFunction& rate,
            Poll& poll);

    std::int64_t steps() const { return optimizer_.steps_; }
    // Of the step that was made or tried last; before the first, of the one to come.
    double learning_rate() const;
    const std::vector<GradientTransform>& transforms() const { return optimizer_.transforms_; }
    Accumulation<T> accumulation() const;
    // Those whose gradients are added up for a step to come.
    std::int64_t batches_waiting() const { return optimizer_.accumulated_.batches; }
    UseGuard& uses() const { return optimizer_.uses_; }

    // The step that comes next, once for each factor of the learning rate.
    void next_step(const std::vector<double>& factors, OptimizerStep<T>* updates);
    // The step that comes next and those after it.
    void next_steps(std::int64_t count, OptimizerStep<T>* updates);
    void finish_steps(std::int64_t count) {
      if (count == 0) return;
      optimizer_.finish_steps(count);
      if (average_) average_->steps += count;
      make_own();
    }
    // After an update, whether it came out finite or not.
    void drop_accumulated() { optimizer_.accumulated_ = {}; }
    // A batch whose gradient waits for others makes no step, but the optimizer holds something of it.
    void make_own() {
      optimizer_.network_id_ = parameters_.network_id;
      if (holds_arrays_) optimizer_.states_of_ = parameters_.network_id;
    }
    // Whether update_average() comes after a step: where the update of the weights that are trained does not do it, since others
    // are not, or their norms are limited afterwards.
    bool averages_apart() const { return average_ && !averages_with_update_; }
    void update_average(const KernelTable<T>& kernels, Team& team) const;

    // All that steps and epochs change, the average of the weights included; the learning rate is not in it.
    struct Snapshot {
      std::int64_t steps = 0, epochs = 0;
      RunningNumbers running{};
      Schedule::Memory schedule{};
      std::vector<std::vector<T>> states{};  // of the set, in its order
      Accumulated accumulated{};
      std::vector<T> accumulated_gradient{};  // where there is something of it
      std::vector<T> average{};               // of the weights, where one is kept
      std::int64_t steps_in_average = 0;
    };
    void keep(Snapshot& snapshot) const;
    // Of the same session, or of one that was the same training's.
    void put_back(const Snapshot& snapshot);
    // From the next step on: a number is another one then, a schedule or function has this factor more.
    void scale_learning_rate(double factor);

    // Tells a schedule what a training records, and that an epoch is whole.
    void connect(const std::vector<Column>& columns) const {
      if (optimizer_.schedule_) optimizer_.schedule_->connect(columns);
    }
    void finish_epoch(const std::vector<Column>& columns) const {
      if (optimizer_.schedule_) optimizer_.schedule_->after_epoch(columns);
      ++optimizer_.epochs_;
    }

   private:
    // Of the step after so many more. Throws std::invalid_argument where it is no rate.
    double rate_of_step(std::int64_t further) const {
      return scheduled_ ? scheduled_rate(further) : optimizer_.choice_.numbers[kLearningRate];
    }
    double scheduled_rate(std::int64_t further) const;
    // The steps that come next, number i with the learning rate rate(i).
    template <class Rate>
    void make_steps(std::int64_t count, OptimizerStep<T>* updates, Rate&& rate) const;

    void allocate_states(Poll& poll);

    UseGuard::Exclusive use_;
    Optimizer& optimizer_;
    const TrainedParameters<T> parameters_;
    const RateFunction& rate_;
    const bool scheduled_;
    const unsigned state_set_;
    const bool holds_arrays_;
    std::vector<T*> states_;  // of the set, in its order
    T* accumulated_gradient_ = nullptr;
    WeightAverage<T>* average_;  // null where none is wanted
    const bool averages_with_update_;
    double last_rate_ = std::numeric_limits<double>::quiet_NaN();  // in this session
  };

 private:
  // One block for each name in state_names(), empty for those that are not kept; no blocks before the first use.
  template <class T>
  using States = std::vector<AlignedBlock<T>>;

  // Those of the formula, and last that of the accumulated gradient.
  std::vector<std::string> state_names() const;
  unsigned state_set() const;
  double first_value(int state, double rate_factor) const;
  std::vector<RunningNumber> running_numbers() const;
  RunningNumbers first_running_numbers() const;
  void finish_steps(std::int64_t count);
  // Whether the states are more than the values that they start from.
  bool holds_state() const;

  void set_schedule(const Spec& spec);
  struct Common {
    std::int64_t batches_of_step = 1;
    double ema = 0;  // or 0 for no average
  };
  static Common common_of(const Spec& spec);

  Choice<Optimizers> choice_;
  std::vector<GradientTransform> transforms_;
  Common common_;
  Accumulated accumulated_;
  std::int64_t steps_ = 0, epochs_ = 0;
  RunningNumbers running_{};  // after these steps
  // What stands for the number learning_rate, if anything does: a schedule or, without one, a function of the caller's.
  Spec schedule_spec_;
  std::unique_ptr<Schedule> schedule_;
  std::int64_t first_step_ = 0, first_epoch_ = 0;  // of the schedule's time
  double rate_factor_ = 1;                         // of the schedule's rates
  static constexpr std::uint64_t kAny = 0;
  std::uint64_t network_id_ = kAny;  // whose last finished step this was
  // Whose parameters the states are laid out for. They hold something only if it is the same: states of a network whose
  // first step failed do not.
  std::uint64_t states_of_ = kAny;
  // Restored states are doubles until the first session gives them its dtype.
  std::variant<States<double>, States<float>> states_;
  mutable UseGuard uses_;
};

}  // namespace chainrule
