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

constexpr const char* kAccumulated = "accumulated";  // the array, and of the numbers beside it:
constexpr const char* kAccumulatedBatches = "accumulated_batches";
constexpr const char* kAccumulatedWeight = "accumulated_weight";

bool is_common(const std::string& name) { return name == kAccumulate.name || name == kEma.name; }

Choice<Optimizers> choose_optimizer(Spec spec) {
  std::vector<std::string> names =
      names_of(parameters_of<Optimizers>(Optimizers::index_of("optimizer", spec.name)));
  names.insert(names.end(), {kAccumulate.name, kEma.name});
  spec.require_known(names, {}, {"gradient", "learning_rate"});
  spec.parts.clear();
  const auto common = [](const auto& entry) { return is_common(entry.first); };
  spec.numbers.erase(std::remove_if(spec.numbers.begin(), spec.numbers.end(), common),
                     spec.numbers.end());
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
      common_(common_of(spec)),
      running_(first_running_numbers()) {
  set_schedule(spec);
}

Spec Optimizer::spec() const {
  Spec spec = spec_of(choice_);
  if (common_.batches_of_step > 1) {
    spec.numbers.emplace_back(kAccumulate.name, static_cast<double>(common_.batches_of_step));
  }
  if (common_.ema > 0) spec.numbers.emplace_back(kEma.name, common_.ema);
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
  const Common common = common_of(spec);
  set_schedule(spec);
  transforms_ = std::move(transforms);
  choice_ = choice;
  common_ = common;
}

Optimizer::Common Optimizer::common_of(const Spec& spec) {
  const double batches = spec.number(kAccumulate.name, kAccumulate.standard);
  require(kAccumulate, batches);
  require(batches <= 0x1p53, kAccumulate.name, "at most 2^53", batches);
  constexpr double kNone = 0;
  const double ema = spec.number(kEma.name, kNone);
  if (ema != kNone) require(kEma, ema);
  return {static_cast<std::int64_t>(batches), ema};
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
  Spec common{"memory"};
  for (const auto& [name, value] : memory.numbers) {
    const bool is_own = name.compare(0, 3, "of.") == 0;
    (is_own ? own : common).numbers.emplace_back(is_own ? name.substr(3) : name, value);
  }
  common.require_known({"epochs", "first_step", "first_epoch", "rate_factor"});
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
  if (name == kAccumulate.name) return static_cast<double>(common_.batches_of_step);
  if (name == kEma.name) return common_.ema;
  return choice_.numbers[index_of("number of an optimizer",
                                  names_of(parameters_of<Optimizers>(choice_.index)), name)];
}

std::string Optimizer::name() const {
  return Optimizers::names()[static_cast<std::size_t>(choice_.index)];
}

bool Optimizer::reads_rate_once() const {
  return Optimizers::visit<bool>(
      choice_.index, [](auto member) { return kReadsRateOnce<typename decltype(member)::type>; });
}

std::vector<std::string> Optimizer::state_names() const {
  return Optimizers::visit<std::vector<std::string>>(choice_.index, [](auto member) {
    using Member = typename decltype(member)::type;
    std::vector<std::string> names(std::begin(Member::kStates), std::end(Member::kStates));
    names.push_back(kAccumulated);
    return names;
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
  if (states_of_ != network_id_) return false;
  if (accumulated_.batches > 0) return true;
  return steps_ > 0 && std::visit(
                           [](const auto& states) {
                             return !states.empty() &&
                                    std::any_of(states.begin(), states.end() - 1,
                                                [](const auto& each) { return each.size() > 0; });
                           },
                           states_);
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
          if (names[i] == kAccumulated && accumulated_.batches == 0) continue;
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
  if (accumulated_.batches > 0) {
    copies.emplace_back(kAccumulatedBatches, static_cast<double>(accumulated_.batches));
    copies.emplace_back(kAccumulatedWeight, accumulated_.weight);
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
  Accumulated accumulated;
  for (const auto& [name, value] : running) {
    if (name == kAccumulatedBatches) {
      require(holds(Allowed::kCount, value), name, text_of(Allowed::kCount), value);
      accumulated.batches = static_cast<std::int64_t>(value);
      continue;
    }
    if (name == kAccumulatedWeight) {
      require(holds(Allowed::kNotNegative, value), name, text_of(Allowed::kNotNegative), value);
      accumulated.weight = value;
      continue;
    }
    numbers[index_of("running number of this optimizer", names_of(running_numbers()), name)] =
        value;
  }
  if ((accumulated.batches > 0) != (!blocks.empty() && blocks.back().size() > 0)) {
    throw std::invalid_argument("an accumulated gradient needs its array and its numbers");
  }
  states_ = std::move(blocks);
  accumulated_ = accumulated;
  running_ = numbers;
  steps_ = steps;
  network_id_ = states_of_ = kAny;
}

}  // namespace chainrule
