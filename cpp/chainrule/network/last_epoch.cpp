// The last whole epoch, written down and read.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/last_epoch.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "chainrule/network/position_checks.h"

namespace chainrule {
namespace {

constexpr const char* kEntry = "last_epoch";
constexpr const char* kParameters = "last_epoch.parameters";
constexpr const char* kRunning = "last_epoch.running";
constexpr const char* kAccumulated = "last_epoch.accumulated";
constexpr const char* kAverage = "last_epoch.average";

std::string name_of_state(std::size_t i) { return "last_epoch.state[" + std::to_string(i) + "]"; }

}  // namespace

template <class T>
void LastEpoch<T>::write_to(Position& position) const {
  const auto number = [](std::int64_t value) { return static_cast<double>(value); };
  position.state.parts.emplace_back(
      kEntry, Spec{kEntry,
                   {{"steps", number(steps)},
                    {"epochs_begun", number(life.epochs_begun)},
                    {"steps_made", number(life.steps_made)},
                    {"optimizer_steps", number(optimizer.steps)},
                    {"optimizer_epochs", number(optimizer.epochs)},
                    {"accumulated_batches", number(optimizer.accumulated.batches)},
                    {"accumulated_weight", optimizer.accumulated.weight},
                    {"steps_in_average", number(optimizer.steps_in_average)}},
                   {},
                   {{"schedule", {"memory", optimizer.schedule}}}});
  const auto write = [&](const std::string& name, const auto& numbers) {
    position.arrays.emplace_back(name, std::vector<double>(numbers.begin(), numbers.end()));
  };
  write(kParameters, parameters);
  write(kRunning, optimizer.running);
  for (std::size_t i = 0; i < optimizer.states.size(); ++i) {
    write(name_of_state(i), optimizer.states[i]);
  }
  write(kAccumulated, optimizer.accumulated_gradient);
  write(kAverage, optimizer.average);
}

template <class T>
void LastEpoch<T>::read_from(const Position& position, std::int64_t n_parameters) {
  const Spec entry = position.state.part(kEntry, {});
  if (entry.name.empty()) {
    throw std::invalid_argument(
        "this checkpoint is that of a training that does not go back where it diverges");
  }
  entry.require_known({"steps", "epochs_begun", "steps_made", "optimizer_steps", "optimizer_epochs",
                       "accumulated_batches", "accumulated_weight", "steps_in_average"},
                      {}, {"schedule"});
  const auto count = [&](const char* key) { return whole(entry, key, 0, kMostInDouble); };
  const auto read = [&](const std::string& name, std::size_t size, auto* to) {
    using Number = std::remove_reference_t<decltype(*to)>;
    require_array<Number>(position, name.c_str(), size);
    const std::vector<double>& numbers = position.array(name);
    std::transform(numbers.begin(), numbers.end(), to,
                   [](double each) { return static_cast<Number>(each); });
  };
  steps = count("steps");
  life = {count("epochs_begun"), count("steps_made")};
  optimizer.steps = count("optimizer_steps");
  optimizer.epochs = count("optimizer_epochs");
  const Spec schedule = entry.part("schedule", {});
  if (schedule.numbers.size() != optimizer.schedule.size()) {
    throw std::invalid_argument("this checkpoint is that of a training with another schedule");
  }
  optimizer.schedule = schedule.numbers;
  const auto size = static_cast<std::size_t>(n_parameters);
  parameters.resize(size);
  read(kParameters, size, parameters.data());
  read(kRunning, optimizer.running.size(), optimizer.running.data());
  for (std::size_t i = 0; i < optimizer.states.size(); ++i) {
    read(name_of_state(i), size, optimizer.states[i].data());
  }
  optimizer.accumulated = {count("accumulated_batches"), not_negative(entry, "accumulated_weight")};
  optimizer.accumulated_gradient.resize(optimizer.accumulated.batches > 0 ? size : 0);
  read(kAccumulated, optimizer.accumulated_gradient.size(), optimizer.accumulated_gradient.data());
  optimizer.steps_in_average = count("steps_in_average");
  read(kAverage, optimizer.average.size(), optimizer.average.data());
  kept = true;
}

template struct LastEpoch<float>;
template struct LastEpoch<double>;

}  // namespace chainrule
