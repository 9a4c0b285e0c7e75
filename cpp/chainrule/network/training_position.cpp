// A training's position: written down, and taken up by another one.
// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "chainrule/error.h"
#include "chainrule/network/training.h"

namespace chainrule {
namespace {

constexpr double kMostInDouble = 9007199254740992;  // 2^53: each whole number up to it is a double

std::int64_t whole(const Spec& state, const char* key, double least, double most) {
  const double value = state.number(key);
  require(value >= least && value <= most && value == std::floor(value),
          std::string("the position's ") + key,
          "a whole number from " + text_of(least) + " to " + text_of(most), value);
  return static_cast<std::int64_t>(value);
}

double not_negative(const Spec& state, const char* key) {
  const double value = state.number(key);
  require(value >= 0, std::string("the position's ") + key, ">= 0", value);
  return value;
}

void require_same(const Spec& state, const char* key, const char* what, std::int64_t own) {
  const double of_position = state.number(key);
  if (of_position == static_cast<double>(own)) return;
  throw std::invalid_argument("this position is that of a training with " + text_of(of_position) +
                              " " + what + "; this one has " + std::to_string(own));
}

void require_size(const Position& position, const char* array, std::size_t expected) {
  const std::size_t size = position.array(array).size();
  if (size == expected) return;
  throw std::invalid_argument("the position's " + std::string(array) + " has " +
                              std::to_string(size) + " numbers, expected " +
                              std::to_string(expected));
}

std::string names_of(const std::vector<Spec>& specs) {
  std::string names;
  for (const Spec& each : specs) names += (names.empty() ? "" : ", ") + each.name;
  return names.empty() ? "none" : names;
}

}  // namespace

template <class T>
Position Training<T>::position() const {
  const auto number = [](std::int64_t value) { return static_cast<double>(value); };
  Position position;
  position.state = {"position",
                    {{"samples", number(samples_.size())},
                     {"batch_size", number(batch_size_)},
                     {"parameters", number(network_.n_parameters)},
                     {"epoch", number(epoch_)},
                     {"first", number(first_)},
                     {"steps", number(steps_finished_)},
                     {"cost_sum", cost_.weighted_cost},
                     {"weight_sum", cost_.weight},
                     {"seconds", stopwatch_.seconds()},
                     {"epochs_begun", number(network_.life.epochs_begun)},
                     {"steps_made", number(network_.life.steps_made)}}};
  if (best_.any()) position.state.numbers.emplace_back("best_cost", best_.cost());
  for (std::size_t i = 0; i < stop_.size(); ++i) {
    position.state.parts.emplace_back("stop", Spec{options_.stop[i].name, stop_[i]->memory()});
  }
  // An epoch whose end was interrupted comes to its end again.
  const auto whole_epochs = [&](const std::vector<double>& costs) {
    const auto count = std::min(costs.size(), static_cast<std::size_t>(epoch_));
    return std::vector<double>(costs.begin(), costs.begin() + static_cast<std::ptrdiff_t>(count));
  };
  position.arrays = {{"cost", whole_epochs(history_.cost)},
                     {"validation_cost", whole_epochs(history_.validation_cost)}};
  if (best_.any())
    position.arrays.emplace_back("best", std::vector<double>(best_.begin(), best_.end()));
  return position;
}

template <class T>
void Training<T>::take_up(const Position& position) {
  const Spec& state = position.state;
  require_same(state, "samples", "samples", samples_.size());
  require_same(state, "batch_size", "samples in a batch", batch_size_);
  require_same(state, "parameters", "parameters", network_.n_parameters);
  const bool has_end = options_.epochs != FitOptions<T>::kUntilStopped;
  const double most_epochs = has_end ? static_cast<double>(options_.epochs) : kMostInDouble;
  const std::int64_t epoch = whole(state, "epoch", 0, most_epochs);
  const std::int64_t first = whole(state, "first", 0, static_cast<double>(samples_.size()));
  if (first % batch_size_ != 0 && first != samples_.size()) {
    throw std::invalid_argument("the position's first must be that of a batch, got " +
                                std::to_string(first));
  }
  const std::int64_t steps = whole(state, "steps", 0, kMostInDouble);
  const double seconds = not_negative(state, "seconds");
  const LifeCounts life{whole(state, "epochs_begun", first > 0 ? 1 : 0, kMostInDouble),
                        whole(state, "steps_made", 0, kMostInDouble)};
  const CostSums cost{state.number("cost_sum"), not_negative(state, "weight_sum")};
  const auto n_epochs = static_cast<std::size_t>(epoch);
  require_size(position, "cost", n_epochs);
  require_size(position, "validation_cost", options_.validation ? n_epochs : 0);
  const bool has_best = best_.wanted() && epoch > 0;
  require_size(position, "best", has_best ? static_cast<std::size_t>(network_.n_parameters) : 0);
  const double best_cost = has_best ? state.number("best_cost") : 0;
  std::vector<Spec> memories;
  for (const auto& [role, memory] : state.parts) {
    if (role == "stop") memories.push_back(memory);
  }
  if (names_of(memories) != names_of(options_.stop)) {
    throw std::invalid_argument("this position is that of a training with the stop conditions " +
                                names_of(memories) + "; this one has " + names_of(options_.stop));
  }

  epoch_ = epoch;
  first_ = first;
  steps_finished_ = steps;
  cost_ = cost;
  network_.life = life;
  stopwatch_.go_on_from(seconds);
  history_.cost = position.array("cost");
  history_.validation_cost = position.array("validation_cost");
  if (has_best) best_.keep(best_cost, position.array("best").data());
  for (std::size_t i = 0; i < stop_.size(); ++i) stop_[i]->remember(memories[i]);
}

template Position Training<float>::position() const;
template Position Training<double>::position() const;
template void Training<float>::take_up(const Position&);
template void Training<double>::take_up(const Position&);

}  // namespace chainrule
