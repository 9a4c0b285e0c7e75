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

// A copy in another dtype, perhaps.
template <class T, class From>
std::vector<AlignedBlock<T>> states_for(const std::vector<AlignedBlock<From>>& from,
                                        std::int64_t n_parameters, Poll& poll) {
  std::vector<AlignedBlock<T>> states(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i].size() == 0) continue;
    if (from[i].size() != n_parameters) {
      throw std::invalid_argument("this optimizer holds the state of a network with " +
                                  std::to_string(from[i].size()) + " parameters, not " +
                                  std::to_string(n_parameters));
    }
    states[i] = AlignedBlock<T>(n_parameters, poll);
    std::transform(from[i].data(), from[i].data() + n_parameters, states[i].data(),
                   [](From value) { return static_cast<T>(value); });
  }
  return states;
}

std::size_t index_of(const std::string& what, const std::vector<std::string>& names,
                     const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw_unknown_name(what, name, {names.begin(), names.end()});
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

Optimizer::Optimizer(const Spec& spec)
    : choice_(choose_optimizer(spec)),
      transforms_(choose_transforms(spec)),
      running_(first_running_numbers()) {}

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
  return choice_.numbers[index_of("number of an optimizer",
                                  names_of(parameters_of<Optimizers>(choice_.index)), name)];
}

std::vector<std::string> Optimizer::state_names() const {
  return Optimizers::visit<std::vector<std::string>>(choice_.index, [](auto member) {
    using Member = typename decltype(member)::type;
    return std::vector<std::string>(std::begin(Member::kStates), std::end(Member::kStates));
  });
}

unsigned Optimizer::state_set() const {
  return Optimizers::visit<unsigned>(choice_.index, [&](auto member) {
    return decltype(member)::type::state_set(choice_.numbers);
  });
}

double Optimizer::first_value(int state) const {
  return Optimizers::visit<double>(choice_.index, [&](auto member) {
    return decltype(member)::type::first_value(state, choice_.numbers);
  });
}

std::vector<RunningNumber> Optimizer::running_numbers() const {
  return Optimizers::visit<std::vector<RunningNumber>>(
      choice_.index, [](auto member) { return Running<typename decltype(member)::type>::list(); });
}

RunningNumbers Optimizer::first_running_numbers() const {
  RunningNumbers first{};
  std::size_t i = 0;
  for (const RunningNumber& each : running_numbers()) first[i++] = each.first;
  return first;
}

void Optimizer::finish_steps(std::int64_t count) {
  Optimizers::visit<void>(choice_.index, [&](auto member) {
    for (std::int64_t i = 0; i < count; ++i) {
      Running<typename decltype(member)::type>::advance(choice_.numbers, ++steps_, running_.data());
    }
  });
}

bool Optimizer::holds_state() const {
  const bool empty = std::visit([](const auto& states) { return states.empty(); }, states_);
  return steps_ > 0 && !empty && states_of_ == network_id_;
}

Optimizer::ByName<std::vector<double>> Optimizer::states() {
  const UseGuard::Shared use(uses_, "optimizer");
  const std::vector<std::string> names = state_names();
  ByName<std::vector<double>> copies;
  std::visit(
      [&](const auto& states) {
        for (std::size_t i = 0; i < states.size(); ++i) {
          const auto* first = states[i].data();
          if (states[i].size() == 0) continue;
          copies.emplace_back(names[i], std::vector<double>(first, first + states[i].size()));
        }
      },
      states_);
  return copies;
}

Optimizer::ByName<double> Optimizer::running() {
  const UseGuard::Shared use(uses_, "optimizer");
  ByName<double> copies;
  for (const RunningNumber& each : running_numbers()) {
    copies.emplace_back(each.name, running_[copies.size()]);
  }
  return copies;
}

void Optimizer::restore(std::int64_t steps, const ByName<std::vector<double>>& states,
                        const ByName<double>& running) {
  const UseGuard::Exclusive use(uses_, "optimizer");
  if (steps < 0) throw std::invalid_argument("steps must be >= 0, got " + std::to_string(steps));
  const std::vector<std::string> names = state_names();
  States<double> blocks(states.empty() ? 0 : names.size());
  for (const auto& [name, values] : states) {
    AlignedBlock<double>& state = blocks[index_of("state of this optimizer", names, name)];
    state = AlignedBlock<double>(static_cast<std::int64_t>(values.size()));
    std::copy(values.begin(), values.end(), state.data());
  }
  RunningNumbers numbers = first_running_numbers();
  for (const auto& [name, value] : running) {
    numbers[index_of("running number of this optimizer", names_of(running_numbers()), name)] =
        value;
  }
  states_ = std::move(blocks);
  running_ = numbers;
  steps_ = steps;
  network_id_ = states_of_ = kAny;
}

template <class T>
Optimizer::Session<T>::Session(Optimizer& optimizer, std::uint64_t network_id,
                               std::int64_t n_parameters, Poll& poll)
    : use_(optimizer.uses_, "optimizer"),
      optimizer_(optimizer),
      network_id_(network_id),
      state_set_(optimizer.state_set()) {
  if (state_set_ == 0) return;
  if (optimizer.states_of_ != network_id) {
    const bool holds_state = optimizer.holds_state();
    if (holds_state && optimizer.states_of_ != kAny) {
      throw std::invalid_argument(
          "this optimizer holds the state of another network; "
          "give each network an optimizer of its own");
    }
    States<T> states;
    if (holds_state) {  // restored, and free for any network that it fits
      states = std::visit(
          [&](const auto& restored) { return states_for<T>(restored, n_parameters, poll); },
          optimizer.states_);
    }
    optimizer.states_ = std::move(states);
    optimizer.states_of_ = holds_state ? kAny : network_id;
  }
  auto& states = std::get<States<T>>(optimizer.states_);
  states.resize(optimizer.state_names().size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (!(state_set_ >> i & 1)) continue;
    if (states[i].size() == 0) {  // momentum may have been switched on since the last session
      AlignedBlock<T> state(n_parameters, poll);
      const auto first = static_cast<T>(optimizer.first_value(static_cast<int>(i)));
      if (first != 0) std::fill_n(state.data(), n_parameters, first);
      states[i] = std::move(state);
    }
    states_.push_back(states[i].data());
  }
}

template <class T>
void Optimizer::Session<T>::next_steps(std::int64_t count, OptimizerStep<T>* updates) const {
  const Choice<Optimizers>& choice = optimizer_.choice_;
  RunningNumbers running = optimizer_.running_;
  Optimizers::visit<void>(choice.index, [&](auto member) {
    using Member = Running<typename decltype(member)::type>;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t number = optimizer_.steps_ + 1 + i;
      OptimizerStep<T>& update = updates[i];
      update.optimizer = choice.index;
      update.state_set = state_set_;
      update.n_states = static_cast<int>(states_.size());
      update.states = states_.data();
      const WeightDecay decay = decltype(member)::type::weight_decay(choice.numbers);
      update.decay_adds = static_cast<T>(decay.adds);
      update.decay_keeps = static_cast<T>(decay.keeps);
      Member::advance(choice.numbers, number, running.data());
      const auto constants = Member::constants(choice.numbers, number, running.data());
      std::transform(constants.begin(), constants.end(), update.constants,
                     [](double constant) { return static_cast<T>(constant); });
    }
  });
}

template <class T>
OptimizerStep<T> Optimizer::Session<T>::next_step() const {
  OptimizerStep<T> update;
  next_steps(1, &update);
  return update;
}

template class Optimizer::Session<float>;
template class Optimizer::Session<double>;

}  // namespace chainrule
