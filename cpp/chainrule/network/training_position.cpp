// A training's position: written down, and taken up by another one.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/network/position_checks.h"
#include "chainrule/network/training.h"

namespace chainrule {
namespace {

void require_same(const Spec& state, const char* key, const char* what, std::int64_t own) {
  const double of_position = state.number(key);
  if (of_position == static_cast<double>(own)) return;
  throw std::invalid_argument("this checkpoint is that of a training with " + text_of(of_position) +
                              " " + what + "; this one has " + std::to_string(own));
}

std::vector<double> numbers_of(const std::vector<Restored>& restored) {
  std::vector<double> numbers;
  for (const Restored& each : restored) {
    numbers.insert(numbers.end(), {static_cast<double>(each.epoch),
                                   static_cast<double>(each.step.value_or(0)), each.learning_rate});
  }
  return numbers;
}
std::vector<Restored> restored_of(const Position& position, std::size_t most) {
  const std::vector<double>& numbers = position.array("restored");
  require(numbers.size() % 3 == 0 && numbers.size() <= 3 * most, "the checkpoint's restored",
          "three numbers for each of at most " + std::to_string(most),
          static_cast<double>(numbers.size()));
  std::vector<Restored> restored;
  for (std::size_t i = 0; i < numbers.size(); i += 3) {
    const Spec state{"restored",
                     {{"epoch", numbers[i]}, {"step", numbers[i + 1]}, {"rate", numbers[i + 2]}}};
    Restored each;
    each.epoch = whole(state, "epoch", 1, kMostInDouble);
    const std::int64_t step = whole(state, "step", 0, kMostInDouble);
    if (step > 0) each.step = step;
    each.learning_rate = not_negative(state, "rate");
    restored.push_back(each);
  }
  return restored;
}

// Such as time_limit(seconds=9).
std::string in_words(const Spec& spec) {
  std::string entries;
  const auto add = [&](const std::string& entry) {
    entries += (entries.empty() ? "" : ", ") + entry;
  };
  for (const auto& [key, value] : spec.numbers) add(key + "=" + text_of(value));
  for (const auto& [key, value] : spec.words) add(key + "=" + value);
  for (const auto& [role, part] : spec.parts) add(in_words(part));
  return spec.name + "(" + entries + ")";
}

// A stop condition as it was asked for, and what it remembers.
Spec stop_entry(const Spec& condition, const Observer& observer) {
  return {"stop", {}, {}, {{"condition", condition}, {"memory", {"memory", observer.memory()}}}};
}

}  // namespace

template <class T>
Position Training<T>::position() const {
  const auto number = [](std::int64_t value) { return static_cast<double>(value); };
  Position position;
  position.state = {
      Position::kName,
      {{"samples", number(samples_.size())},
       {"batch_size", number(batch_size_)},
       {"parameters", number(network_.n_parameters)},
       {"epoch", number(epoch_)},
       {"first", number(first_)},
       {"steps", number(steps_finished_)},
       {"cost_sum", cost_.weighted_cost},
       {"weight_sum", cost_.weight},
       {"norm_sum", norm_sum_},
       {"norms", number(norms_)},
       {"epoch_seconds", first_ > 0 ? epoch_seconds_ + stopwatch_.seconds() - turn_began_ : 0},
       {"seconds", stopwatch_.seconds()},
       {"epochs_begun", number(network_.life.epochs_begun)},
       {"steps_made", number(network_.life.steps_made)}},
      {{"seed", std::to_string(network_.seed)}}};
  // What a callback has ended goes on: it may be another one then.
  if (stopped_by_ < static_cast<int>(stop_.size())) {
    position.state.numbers.emplace_back("stopped_by", number(stopped_by_));
  }
  if (best_.any()) position.state.numbers.emplace_back("best_value", best_.value());
  for (std::size_t i = 0; i < stop_.size(); ++i) {
    position.state.parts.emplace_back("stop", stop_entry(options_.stop[i], *stop_[i]));
  }
  // An epoch whose end was interrupted comes to its end again.
  const auto whole_epochs = [&](const std::vector<double>& costs) {
    const auto count = std::min(costs.size(), static_cast<std::size_t>(epoch_));
    return std::vector<double>(costs.begin(), costs.begin() + static_cast<std::ptrdiff_t>(count));
  };
  for (const Column& each : history_.columns) {
    position.arrays.emplace_back(each.quantity.name, whole_epochs(each.values));
  }
  if (best_.any())
    position.arrays.emplace_back("best", std::vector<double>(best_.begin(), best_.end()));
  if (!history_.restored.empty()) {
    position.arrays.emplace_back("restored", numbers_of(history_.restored));
  }
  // At the end of an epoch that is what is there now.
  if (last_epoch_.kept && first_ > 0) last_epoch_.write_to(position);
  return position;
}

template <class T>
void Training<T>::take_up(const Position& position) {
  const Spec& state = position.state;
  state.require_known({"samples", "batch_size", "parameters", "epoch", "first", "steps", "cost_sum",
                       "weight_sum", "norm_sum", "norms", "epoch_seconds", "seconds",
                       "epochs_begun", "steps_made", "stopped_by", "best_value"},
                      {"seed"}, {"stop", "last_epoch"});
  require_same(state, "samples", "samples", samples_.size());
  require_same(state, "batch_size", "samples in a batch", batch_size_);
  require_same(state, "parameters", "parameters", network_.n_parameters);
  const std::string seed = state.word("seed", "none");
  if (seed != std::to_string(network_.seed)) {
    throw std::invalid_argument("this checkpoint is that of a network with seed " + seed +
                                "; this one has " + std::to_string(network_.seed));
  }
  const auto n_stop = static_cast<std::size_t>(
      std::count_if(state.parts.begin(), state.parts.end(),
                    [](const auto& part) { return part.first == "stop"; }));
  if (n_stop != stop_.size()) {
    throw std::invalid_argument("this checkpoint is that of a training with " +
                                std::to_string(n_stop) + " stop conditions; this one has " +
                                std::to_string(stop_.size()));
  }
  const bool has_end = options_.epochs != FitOptions<T>::kUntilStopped;
  const std::int64_t epoch = whole(state, "epoch", 0, kMostInDouble);
  if (has_end && epoch > options_.epochs) {
    throw std::invalid_argument("this checkpoint has " + std::to_string(epoch) +
                                " whole epochs; this training ends with epoch " +
                                std::to_string(options_.epochs) + " of all, those included");
  }
  const bool at_end = has_end && epoch == options_.epochs;
  const std::int64_t first =
      whole(state, "first", 0, at_end ? 0 : static_cast<double>(samples_.size()));
  if (first % batch_size_ != 0 && first != samples_.size()) {
    throw std::invalid_argument("the checkpoint's first must be that of a batch, got " +
                                std::to_string(first));
  }
  const std::int64_t steps = whole(state, "steps", 0, kMostInDouble);
  const double seconds = not_negative(state, "seconds");
  const LifeCounts life{whole(state, "epochs_begun", first > 0 ? 1 : 0, kMostInDouble),
                        whole(state, "steps_made", 0, kMostInDouble)};
  const CostSums cost{finite(state, "cost_sum"), not_negative(state, "weight_sum")};
  const auto n_epochs = static_cast<std::size_t>(epoch);
  const double norm_sum = not_negative(state, "norm_sum");
  const std::int64_t norms = whole(state, "norms", 0, static_cast<double>(samples_.size()));
  const double epoch_seconds = not_negative(state, "epoch_seconds");
  require_array<double>(position, Quantity::kCost, n_epochs);
  require_array<double>(position, Quantity::kValidationCost, options_.validation ? n_epochs : 0);
  require_array<double>(position, Quantity::kGradientNorm, records_norm_ ? n_epochs : 0);
  // A metric may be NaN.
  for (const Column& each : history_.columns) require_size(position, each.quantity.name, n_epochs);
  // None of its epochs may have had a value to be the best by.
  const bool has_best = best_.wanted() && !position.array("best").empty();
  require_array<T>(position, "best",
                   has_best ? static_cast<std::size_t>(network_.n_parameters) : 0);
  const double best_value = has_best ? state.number("best_value") : 0;
  require(best_value < std::numeric_limits<double>::infinity(), "the checkpoint's best_value",
          "a number", best_value);
  const int stopped_by =
      static_cast<int>(state.number("stopped_by", ObserverGroup::kNobody) == ObserverGroup::kNobody
                           ? ObserverGroup::kNobody
                           : whole(state, "stopped_by", 0, static_cast<double>(n_stop) - 1));
  const std::vector<Restored> restored = restored_of(position, FitOptions<T>::kMostRestores);
  LastEpoch<T> last_epoch;
  if (options_.on_divergence == OnDivergence::kRestore && first > 0) {
    session_.keep(last_epoch.optimizer);  // of the same sizes
    last_epoch.read_from(position, network_.n_parameters);
  }
  // The observers are this training's own: where one refuses its memory, they are gone with it.
  for (std::size_t i = 0; i < stop_.size(); ++i) {
    const Spec& entry = state.parts[i].second;
    const Spec condition = entry.part("condition", {});
    if (condition != options_.stop[i]) {
      throw std::invalid_argument("this checkpoint is that of a training with the stop condition " +
                                  in_words(condition) + "; this one has " +
                                  in_words(options_.stop[i]));
    }
    stop_[i]->remember(entry.part("memory", {}));
  }

  epoch_ = epoch;
  first_ = first;
  steps_finished_ = steps;
  cost_ = cost;
  network_.life = life;
  stopwatch_.go_on_from(seconds);
  norm_sum_ = norm_sum;
  norms_ = norms;
  epoch_seconds_ = epoch_seconds;
  turn_began_ = seconds;
  for (Column& each : history_.columns) each.values = position.array(each.quantity.name);
  history_.restored = restored;
  last_epoch_ = std::move(last_epoch);
  if (has_best) best_.keep(best_value, position.array("best").data());
  stopped_by_ = stopped_by;
}

template Position Training<float>::position() const;
template Position Training<double>::position() const;
template void Training<float>::take_up(const Position&);
template void Training<double>::take_up(const Position&);

}  // namespace chainrule
