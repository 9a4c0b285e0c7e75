// An optimizer's numbers by name, and its state from the first step on.
// SPDX-License-Identifier: BSD-3-Clause
#include "network/optimizer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "optimizers/list.h"

namespace chainrule {

Optimizer::Optimizer(const Spec& spec)
    : index_(Optimizers::index_of("optimizer", spec.name)), numbers_(spec.numbers) {
  if (numbers_.size() != number_names().size()) {
    throw std::invalid_argument(spec.name + " takes " + std::to_string(number_names().size()) +
                                " numbers, got " + std::to_string(numbers_.size()));
  }
  check();
}

std::string Optimizer::name() const {
  return Optimizers::names()[static_cast<std::size_t>(index_)];
}

std::vector<std::string> Optimizer::number_names() const {
  return Optimizers::visit<std::vector<std::string>>(index_, [](auto member) {
    const auto& names = decltype(member)::type::kNumbers;
    return std::vector<std::string>(std::begin(names), std::end(names));
  });
}

int Optimizer::index_of_number(const std::string& name) const {
  const auto names = number_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw_unknown_name("number of an optimizer", name, names);
  return static_cast<int>(found - names.begin());
}

double Optimizer::number(const std::string& name) const {
  return numbers_[static_cast<std::size_t>(index_of_number(name))];
}

void Optimizer::set_number(const std::string& name, double value) {
  const Uses::Exclusive use(uses_, "optimizer");
  double& number = numbers_[static_cast<std::size_t>(index_of_number(name))];
  const double before = std::exchange(number, value);
  try {
    check();
  } catch (...) {
    number = before;
    throw;
  }
}

void Optimizer::check() const {
  Optimizers::visit<void>(index_,
                          [&](auto member) { decltype(member)::type::check(numbers_.data()); });
}

int Optimizer::n_states() const {
  return Optimizers::visit<int>(
      index_, [&](auto member) { return decltype(member)::type::n_states(numbers_.data()); });
}

std::vector<std::vector<double>> Optimizer::states() const {
  return std::visit(
      [&](const auto& states) {
        if constexpr (std::is_same_v<std::decay_t<decltype(states)>, std::monostate>) {
          return restored_;
        } else {
          std::vector<std::vector<double>> copies;
          for (const auto& state : states) {
            copies.emplace_back(state.data(), state.data() + state.size());
          }
          return copies;
        }
      },
      states_);
}

void Optimizer::restore(std::int64_t steps, std::vector<std::vector<double>> states) {
  const Uses::Exclusive use(uses_, "optimizer");
  if (steps < 0) throw std::invalid_argument("steps must be >= 0, got " + std::to_string(steps));
  steps_ = steps;
  restored_ = std::move(states);
  states_ = std::monostate();
  network_id_ = 0;
}

template <class T>
Optimizer::Session<T>::Session(Optimizer& optimizer, std::uint64_t network_id,
                               std::int64_t n_parameters)
    : use_(optimizer.uses_, "optimizer"), optimizer_(optimizer) {
  // Momentum may have been switched on since the last session: states that are missing start at 0.
  const auto n_states = static_cast<std::size_t>(optimizer.n_states());
  const bool has_state = !std::holds_alternative<std::monostate>(optimizer.states_);
  if (has_state && n_states > 0 && optimizer.steps_ > 0 && optimizer.network_id_ != network_id) {
    throw std::invalid_argument(
        "this optimizer holds the state of another network; "
        "give each network an optimizer of its own");
  }
  States<T> states;
  if (auto* kept = std::get_if<States<T>>(&optimizer.states_);
      kept && optimizer.network_id_ == network_id) {
    states = std::move(*kept);
  }
  while (states.size() < n_states) states.emplace_back(n_parameters);
  for (std::size_t i = 0; i < std::min(n_states, optimizer.restored_.size()); ++i) {
    const auto& values = optimizer.restored_[i];
    if (static_cast<std::int64_t>(values.size()) != n_parameters) {
      throw std::invalid_argument("this optimizer holds the state of a network with " +
                                  std::to_string(values.size()) + " parameters, not " +
                                  std::to_string(n_parameters));
    }
    std::transform(values.begin(), values.end(), states[i].data(),
                   [](double value) { return static_cast<T>(value); });
  }
  for (const auto& state : states) states_.push_back(state.data());
  optimizer.restored_.clear();
  optimizer.states_ = std::move(states);
  optimizer.network_id_ = network_id;
}

template <class T>
Update<T> Optimizer::Session<T>::next_step() const {
  Update<T> update;
  update.optimizer = optimizer_.index_;
  update.n_states = static_cast<int>(states_.size());
  update.states = states_.data();
  Optimizers::visit<void>(optimizer_.index_, [&](auto member) {
    const auto constants =
        decltype(member)::type::constants(optimizer_.numbers_.data(), optimizer_.steps_ + 1);
    std::transform(constants.begin(), constants.end(), update.constants,
                   [](double constant) { return static_cast<T>(constant); });
  });
  return update;
}

template class Optimizer::Session<float>;
template class Optimizer::Session<double>;

}  // namespace chainrule
