// An optimizer's hyperparameters by name, and its state from the first step on.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/optimizer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "chainrule/optimizers/list.h"

namespace chainrule {

namespace {

Choice<Optimizers> choose_optimizer(Spec spec) {
  spec.require_known(
      names_of(parameters_of<Optimizers>(Optimizers::index_of("optimizer", spec.name))), {},
      {"gradient"});
  spec.parts.clear();
  return choose<Optimizers>("optimizer", spec);
}

std::vector<GradientTransform> choose_transforms(const Spec& spec) {
  std::vector<GradientTransform> transforms;
  for (const auto& part : spec.parts) {
    transforms.push_back(choose<GradientTransforms>("gradient transform", part.second));
  }
  return transforms;
}

}  // namespace

Optimizer::Optimizer(const Spec& spec)
    : choice_(choose_optimizer(spec)), transforms_(choose_transforms(spec)) {}

Spec Optimizer::spec() const {
  Spec spec = spec_of(choice_);
  for (const GradientTransform& each : transforms_)
    spec.parts.emplace_back("gradient", spec_of(each));
  return spec;
}

void Optimizer::configure(const Spec& spec) {
  const UseGuard::Exclusive use(uses_, "optimizer");
  const Choice<Optimizers> choice = choose_optimizer(spec);
  if (choice.index != choice_.index) {
    throw std::invalid_argument("this optimizer cannot become another one, \"" + spec.name + "\"");
  }
  transforms_ = choose_transforms(spec);
  choice_ = choice;
}

double Optimizer::number(const std::string& name) const {
  const auto names = names_of(parameters_of<Optimizers>(choice_.index));
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw_unknown_name("number of an optimizer", name, {names.begin(), names.end()});
  }
  return choice_.numbers[found - names.begin()];
}

int Optimizer::n_states() const {
  return Optimizers::visit<int>(choice_.index, [&](auto member) {
    return decltype(member)::type::n_states(choice_.numbers);
  });
}

double Optimizer::first_value(int state) const {
  return Optimizers::visit<double>(choice_.index, [&](auto member) {
    return decltype(member)::type::first_value(state, choice_.numbers);
  });
}

bool Optimizer::holds_state() const {
  const bool empty = std::visit([](const auto& states) { return states.empty(); }, states_);
  return steps_ > 0 && !empty && states_of_ == network_id_;
}

std::vector<std::vector<double>> Optimizer::states() {
  const UseGuard::Shared use(uses_, "optimizer");
  return copy_states();
}

std::vector<std::vector<double>> Optimizer::copy_states() const {
  return std::visit(
      [&](const auto& states) {
        std::vector<std::vector<double>> copies;
        for (const auto& state : states) {
          copies.emplace_back(state.data(), state.data() + state.size());
        }
        return copies;
      },
      states_);
}

void Optimizer::restore(std::int64_t steps, const std::vector<std::vector<double>>& states) {
  const UseGuard::Exclusive use(uses_, "optimizer");
  if (steps < 0) throw std::invalid_argument("steps must be >= 0, got " + std::to_string(steps));
  States<double> blocks;
  for (const auto& state : states) {
    blocks.emplace_back(static_cast<std::int64_t>(state.size()));
    std::copy(state.begin(), state.end(), blocks.back().data());
  }
  states_ = std::move(blocks);
  steps_ = steps;
  network_id_ = states_of_ = kAny;
}

template <class T>
Optimizer::Session<T>::Session(Optimizer& optimizer, std::uint64_t network_id,
                               std::int64_t n_parameters, Poll& poll)
    : use_(optimizer.uses_, "optimizer"), optimizer_(optimizer), network_id_(network_id) {
  const auto n_states = static_cast<std::size_t>(optimizer.n_states());
  if (n_states == 0) return;
  if (optimizer.states_of_ != network_id) {
    const bool holds_state = optimizer.holds_state();
    if (holds_state && optimizer.states_of_ != kAny) {
      throw std::invalid_argument(
          "this optimizer holds the state of another network; "
          "give each network an optimizer of its own");
    }
    States<T> states;
    if (holds_state) {  // restored, and free for any network that it fits
      for (const auto& values : optimizer.copy_states()) {
        if (static_cast<std::int64_t>(values.size()) != n_parameters) {
          throw std::invalid_argument("this optimizer holds the state of a network with " +
                                      std::to_string(values.size()) + " parameters, not " +
                                      std::to_string(n_parameters));
        }
        states.emplace_back(n_parameters, poll);
        std::transform(values.begin(), values.end(), states.back().data(),
                       [](double value) { return static_cast<T>(value); });
      }
    }
    optimizer.states_ = std::move(states);
    optimizer.states_of_ = holds_state ? kAny : network_id;
  }
  auto& states = std::get<States<T>>(optimizer.states_);
  // Momentum may have been switched on since the last session: states that are missing start now.
  while (states.size() < n_states) {
    const auto first = static_cast<T>(optimizer.first_value(static_cast<int>(states.size())));
    states.emplace_back(n_parameters, poll);
    if (first != 0) std::fill_n(states.back().data(), n_parameters, first);
  }
  for (std::size_t i = 0; i < n_states; ++i) states_.push_back(states[i].data());
}

template <class T>
void Optimizer::Session<T>::next_steps(std::int64_t count, OptimizerStep<T>* updates,
                                       double rate) const {
  Choice<Optimizers> choice = optimizer_.choice_;
  choice.numbers[kLearningRate] *= rate;
  Optimizers::visit<void>(choice.index, [&](auto member) {
    for (std::int64_t i = 0; i < count; ++i) {
      OptimizerStep<T>& update = updates[i];
      update.optimizer = choice.index;
      update.n_states = static_cast<int>(states_.size());
      update.states = states_.data();
      const auto constants =
          decltype(member)::type::constants(choice.numbers, optimizer_.steps_ + 1 + i);
      std::transform(constants.begin(), constants.end(), update.constants,
                     [](double constant) { return static_cast<T>(constant); });
    }
  });
}

template class Optimizer::Session<float>;
template class Optimizer::Session<double>;

}  // namespace chainrule
