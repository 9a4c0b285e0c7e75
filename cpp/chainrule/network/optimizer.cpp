// An optimizer's hyperparameters by name, and its state from the first step on.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/optimizer.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "chainrule/network/schedules/make.h"
#include "chainrule/optimizers/list.h"

namespace chainrule {

namespace {

Choice<Optimizers> choose_optimizer(Spec spec) {
  spec.require_known(
      names_of(parameters_of<Optimizers>(Optimizers::index_of("optimizer", spec.name))), {},
      {"gradient", "learning_rate"});
  spec.parts.clear();
  return choose<Optimizers>("optimizer", spec);
}

std::vector<GradientTransform> choose_transforms(const Spec& spec) {
  std::vector<GradientTransform> transforms;
  for (const auto& part : spec.parts) {
    if (part.first != "gradient") continue;
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
      running_(first_running_numbers()) {
  set_schedule(spec);
}

Spec Optimizer::spec() const {
  Spec spec = spec_of(choice_);
  for (const GradientTransform& each : transforms_)
    spec.parts.emplace_back("gradient", spec_of(each));
  if (!schedule_spec_.name.empty()) spec.parts.emplace_back("learning_rate", schedule_spec_);
  return spec;
}

void Optimizer::configure(const Spec& spec) {
  const UseGuard::Exclusive use(uses_, "optimizer");
  const Choice<Optimizers> choice = choose_optimizer(spec);
  if (choice.index != choice_.index) {
    throw std::invalid_argument("this optimizer cannot become another one, \"" + spec.name + "\"");
  }
  auto transforms = choose_transforms(spec);
  set_schedule(spec);
  transforms_ = std::move(transforms);
  choice_ = choice;
}

// A new schedule begins with the next step; the same one goes on.
void Optimizer::set_schedule(const Spec& spec) {
  const Spec chosen = spec.part("learning_rate", {});
  if (chosen == schedule_spec_) return;
  const bool is_schedule = !chosen.name.empty() && chosen.name != kRateFunction;
  auto schedule = is_schedule ? make_schedule(chosen) : nullptr;
  schedule_ = std::move(schedule);
  schedule_spec_ = chosen;
  first_step_ = steps_;
  first_epoch_ = epochs_;
  rate_factor_ = 1;
}

Schedule::Memory Optimizer::schedule_memory() const {
  Schedule::Memory memory{{"epochs", static_cast<double>(epochs_)},
                          {"first_step", static_cast<double>(first_step_)},
                          {"first_epoch", static_cast<double>(first_epoch_)},
                          {"rate_factor", rate_factor_}};
  if (!schedule_) return memory;
  for (const auto& [name, value] : schedule_->memory()) memory.emplace_back("of." + name, value);
  return memory;
}

void Optimizer::restore_schedule(const Spec& memory) {
  const UseGuard::Exclusive use(uses_, "optimizer");
  Spec own{"memory"};
  for (const auto& [name, value] : memory.numbers) {
    if (name.compare(0, 3, "of.") == 0) own.numbers.emplace_back(name.substr(3), value);
  }
  const auto count = [&](const char* key) {
    const double value = memory.number(key);
    require(value >= 0 && value == std::floor(value) && value < 0x1p53, key, "a whole number >= 0",
            value);
    return static_cast<std::int64_t>(value);
  };
  const std::int64_t epochs = count("epochs"), step = count("first_step"),
                     epoch = count("first_epoch");
  require(epoch <= epochs, "first_epoch", "<= epochs", static_cast<double>(epoch));
  require(step <= steps_, "first_step", "<= steps", static_cast<double>(step));
  const double factor = memory.number("rate_factor", 1);
  require(factor > 0 && factor <= 1, "rate_factor", "> 0 and <= 1", factor);
  if (schedule_ && !own.numbers.empty()) schedule_->remember(own);
  epochs_ = epochs;
  first_step_ = step;
  first_epoch_ = epoch;
  rate_factor_ = factor;
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

double Optimizer::first_value(int state, double rate_factor) const {
  Choice<Optimizers> choice = choice_;
  choice.numbers[kLearningRate] *= rate_factor;
  return Optimizers::visit<double>(choice_.index, [&](auto member) {
    return decltype(member)::type::first_value(state, choice.numbers);
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
                               const ParameterBlocks& parameters, const RateFunction& rate,
                               Poll& poll)
    : use_(optimizer.uses_, "optimizer"),
      optimizer_(optimizer),
      network_id_(network_id),
      rate_(rate),
      scheduled_(!optimizer.schedule_spec_.name.empty()),
      state_set_(optimizer.state_set()),
      n_parameters_(parameters.size()) {
  if (optimizer.asks_for_rate() && !rate) {
    throw std::invalid_argument(
        "the learning rate of this optimizer is a function, and none is given");
  }
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
          [&](const auto& restored) { return states_for<T>(restored, parameters.size(), poll); },
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
      AlignedBlock<T> state(parameters.size(), poll);
      for (const ParameterBlock& block : parameters) {
        const double first = optimizer.first_value(static_cast<int>(i), block.options.rate);
        if (first != 0)
          std::fill_n(block.of(state.data()).data, block.size(), static_cast<T>(first));
      }
      states[i] = std::move(state);
    }
    states_.push_back(states[i].data());
  }
}

template <class T>
double Optimizer::Session<T>::scheduled_rate(std::int64_t further) const {
  const std::int64_t step = optimizer_.steps_ + further - optimizer_.first_step_;
  const std::int64_t epoch = optimizer_.epochs_ - optimizer_.first_epoch_;
  double rate;
  if (optimizer_.schedule_) {
    rate = optimizer_.schedule_->rate(optimizer_.schedule_->per() == Per::kEpoch ? epoch : step);
  } else {
    rate = rate_(step, epoch);
  }
  require(holds(Allowed::kNotNegative, rate),
          "the learning rate of step " + std::to_string(step) + ", epoch " + std::to_string(epoch) +
              " of the schedule,",
          text_of(Allowed::kNotNegative), rate);
  return optimizer_.rate_factor_ * rate;
}

template <class T>
void Optimizer::Session<T>::keep(Snapshot& snapshot) const {
  snapshot.steps = optimizer_.steps_;
  snapshot.epochs = optimizer_.epochs_;
  snapshot.running = optimizer_.running_;
  if (optimizer_.schedule_) snapshot.schedule = optimizer_.schedule_->memory();
  snapshot.states.resize(states_.size());
  for (std::size_t i = 0; i < states_.size(); ++i) {
    snapshot.states[i].assign(states_[i], states_[i] + n_parameters_);
  }
}

template <class T>
void Optimizer::Session<T>::put_back(const Snapshot& snapshot) {
  if (!snapshot.schedule.empty()) {
    optimizer_.schedule_->remember({"memory", snapshot.schedule});
  }
  optimizer_.steps_ = snapshot.steps;
  optimizer_.epochs_ = snapshot.epochs;
  optimizer_.running_ = snapshot.running;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    std::copy(snapshot.states[i].begin(), snapshot.states[i].end(), states_[i]);
  }
  last_rate_ = std::numeric_limits<double>::quiet_NaN();
}

template <class T>
void Optimizer::Session<T>::scale_learning_rate(double factor) {
  (scheduled_ ? optimizer_.rate_factor_ : optimizer_.choice_.numbers[kLearningRate]) *= factor;
  last_rate_ = std::numeric_limits<double>::quiet_NaN();
}

template <class T>
double Optimizer::Session<T>::learning_rate() const {
  if (!std::isnan(last_rate_)) return last_rate_;
  return rate_of_step(optimizer_.steps_ > optimizer_.first_step_ ? -1 : 0);
}

template <class T>
void Optimizer::Session<T>::next_step(const std::vector<double>& factors,
                                      OptimizerStep<T>* updates) {
  last_rate_ = rate_of_step(0);  // once: a function may be asked
  for (const double factor : factors) {
    make_steps(1, updates++, [&](std::int64_t) { return factor * last_rate_; });
  }
}

template <class T>
void Optimizer::Session<T>::next_steps(std::int64_t count, OptimizerStep<T>* updates) {
  make_steps(count, updates, [&](std::int64_t i) { return last_rate_ = rate_of_step(i); });
}

template <class T>
template <class Rate>
void Optimizer::Session<T>::make_steps(std::int64_t count, OptimizerStep<T>* updates,
                                       Rate&& rate) const {
  Choice<Optimizers> choice = optimizer_.choice_;
  RunningNumbers running = optimizer_.running_;
  Optimizers::visit<void>(choice.index, [&](auto member) {
    using Member = typename decltype(member)::type;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t number = optimizer_.steps_ + 1 + i;
      OptimizerStep<T>& update = updates[i];
      update.optimizer = choice.index;
      update.state_set = state_set_;
      update.n_states = static_cast<int>(states_.size());
      update.states = states_.data();
      choice.numbers[kLearningRate] = rate(i);
      Running<Member>::advance(choice.numbers, number, running.data());
      update.template set_formula<Member>(choice.numbers, number, running.data());
    }
  });
}

template class Optimizer::Session<float>;
template class Optimizer::Session<double>;

}  // namespace chainrule
