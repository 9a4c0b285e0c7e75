// An optimizer at work: its hyperparameters, what it does to the gradient first, how many steps it has made, and its state beside
// the parameters of the one network that it serves.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "chainrule/gradients/list.h"
#include "chainrule/kernels/kernel_table.h"
#include "chainrule/memory/aligned_block.h"
#include "chainrule/network/use_guard.h"
#include "chainrule/poll.h"
#include "chainrule/spec.h"

namespace chainrule {

class Optimizer {
 public:
  // parts: "gradient", a gradient transform, any number of them. Throws std::invalid_argument for an unknown name or a
  // number that the optimizer refuses.
  explicit Optimizer(const Spec& spec);

  // The spec that it could be made from now, with every number.
  Spec spec() const;
  // From the next step on. All of it, or nothing where something is refused; the name must be the same.
  void configure(const Spec& spec);
  double number(const std::string& name) const;

  std::int64_t steps() const { return steps_; }
  // One copy of each state ("m", "v", ...); empty before the first step.
  std::vector<std::vector<double>> states();
  // Continues from a state that steps() and states() gave; the next network that is trained becomes its own.
  void restore(std::int64_t steps, const std::vector<std::vector<double>>& states);

  // While this lives, the optimizer serves a network, and only that. Allocates the state on first use.
  template <class T>
  class Session {
   public:
    // Throws std::invalid_argument if the state belongs to another network. The optimizer becomes this network's
    // own with the first step that is finished.
    Session(Optimizer& optimizer, std::uint64_t network_id, std::int64_t n_parameters, Poll& poll);

    std::int64_t steps() const { return optimizer_.steps_; }
    double learning_rate() const { return optimizer_.number("learning_rate"); }
    const std::vector<GradientTransform>& transforms() const { return optimizer_.transforms_; }
    UseGuard& uses() const { return optimizer_.uses_; }

    // The step that comes next, once for each factor of the learning rate.
    void next_step(const std::vector<double>& rates, OptimizerStep<T>* updates) const {
      for (const double rate : rates) next_steps(1, updates++, rate);
    }
    // The step that comes next and those after it.
    void next_steps(std::int64_t count, OptimizerStep<T>* updates, double rate = 1) const;
    void finish_steps(std::int64_t count) {
      if (count == 0) return;
      optimizer_.steps_ += count;
      optimizer_.network_id_ = network_id_;
      if (!states_.empty()) optimizer_.states_of_ = network_id_;
    }

   private:
    UseGuard::Exclusive use_;
    Optimizer& optimizer_;
    std::uint64_t network_id_;
    std::vector<T*> states_;
  };

 private:
  template <class T>
  using States = std::vector<AlignedBlock<T>>;

  int n_states() const;
  double first_value(int state) const;
  // Whether the states are more than the values that they start from.
  bool holds_state() const;
  std::vector<std::vector<double>> copy_states() const;

  Choice<Optimizers> choice_;
  std::vector<GradientTransform> transforms_;
  std::int64_t steps_ = 0;
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
