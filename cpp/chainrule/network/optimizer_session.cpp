// An optimizer that serves a network: its arrays beside the parameters, and the steps to come.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "chainrule/memory/range.h"
#include "chainrule/network/optimizer.h"
#include "chainrule/optimizers/list.h"

namespace chainrule {
namespace {

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

}  // namespace

template <class T>
Optimizer::Session<T>::Session(Optimizer& optimizer, const TrainedParameters<T>& parameters,
                               const RateFunction& rate, Poll& poll)
    : use_(optimizer.uses_, "optimizer"),
      optimizer_(optimizer),
      parameters_(parameters),
      rate_(rate),
      scheduled_(!optimizer.schedule_spec_.name.empty()),
      state_set_(optimizer.state_set()),
      holds_arrays_(state_set_ != 0 || optimizer.common_.batches_of_step > 1 ||
                    optimizer.accumulated_.batches > 0),
      average_(optimizer.common_.ema > 0 ? &parameters.average : nullptr),
      averages_with_update_(parameters.blocks.all_trained() && !parameters.blocks.limited()) {
  if (optimizer.asks_for_rate() && !rate) {
    throw std::invalid_argument(
        "the learning rate of this optimizer is a function, and none is given");
  }
  if (average_ && average_->values.size() == 0) {
    average_->values = AlignedBlock<T>(parameters.blocks.size(), poll);
  }
  if (holds_arrays_) allocate_states(poll);
}

template <class T>
void Optimizer::Session<T>::allocate_states(Poll& poll) {
  const ParameterBlocks& blocks = parameters_.blocks;
  if (optimizer_.states_of_ != parameters_.network_id) {
    const bool holds_state = optimizer_.holds_state();
    if (optimizer_.holds_state_of_another(parameters_.network_id)) {
      throw std::invalid_argument(
          "this optimizer holds the state of another network; "
          "give each network an optimizer of its own");
    }
    States<T> states;
    if (holds_state) {  // restored, and free for any network that it fits
      states = std::visit(
          [&](const auto& restored) { return states_for<T>(restored, blocks.size(), poll); },
          optimizer_.states_);
    }
    optimizer_.states_ = std::move(states);
    optimizer_.states_of_ = holds_state ? kAny : parameters_.network_id;
  }
  auto& states = std::get<States<T>>(optimizer_.states_);
  states.resize(optimizer_.state_names().size());
  for (std::size_t i = 0; i + 1 < states.size(); ++i) {
    if (!(state_set_ >> i & 1)) continue;
    if (states[i].size() == 0) {  // momentum may have been switched on since the last session
      AlignedBlock<T> state(blocks.size(), poll);
      for (const ParameterBlock& block : blocks) {
        const double first = optimizer_.first_value(static_cast<int>(i), block.options.rate);
        if (first != 0)
          std::fill_n(block.of(state.data()).data, block.size(), static_cast<T>(first));
      }
      states[i] = std::move(state);
    }
    states_.push_back(states[i].data());
  }
  if (!accumulation().active()) return;
  if (states.back().size() == 0) states.back() = AlignedBlock<T>(blocks.size(), poll);
  accumulated_gradient_ = states.back().data();
}

template <class T>
Accumulation<T> Optimizer::Session<T>::accumulation() const {
  Accumulated& accumulated = optimizer_.accumulated_;
  if (optimizer_.common_.batches_of_step == 1 && accumulated.batches == 0) return {};
  return {optimizer_.common_.batches_of_step, accumulated_gradient_, &accumulated};
}

template <class T>
void Optimizer::Session<T>::update_average(const KernelTable<T>& kernels, Team& team) const {
  const double keeps = average_->any() ? optimizer_.common_.ema : 0;
  const std::int64_t count = parameters_.blocks.size();
  team.run([&](int index, int n_threads) {
    const Range part = part_of({0, count}, index, n_threads);
    kernels.axpby(static_cast<T>(1 - keeps), parameters_.values + part.begin, static_cast<T>(keeps),
                  average_->values.data() + part.begin, part.size());
  });
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
    snapshot.states[i].assign(states_[i], states_[i] + parameters_.blocks.size());
  }
  snapshot.accumulated = optimizer_.accumulated_;
  snapshot.accumulated_gradient.clear();
  if (snapshot.accumulated.batches > 0) {
    snapshot.accumulated_gradient.assign(accumulated_gradient_,
                                         accumulated_gradient_ + parameters_.blocks.size());
  }
  if (!average_) return;
  snapshot.average.assign(average_->values.data(),
                          average_->values.data() + average_->values.size());
  snapshot.steps_in_average = average_->steps;
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
  optimizer_.accumulated_ = snapshot.accumulated;
  std::copy(snapshot.accumulated_gradient.begin(), snapshot.accumulated_gradient.end(),
            accumulated_gradient_);
  if (average_) {
    std::copy(snapshot.average.begin(), snapshot.average.end(), average_->values.data());
    average_->steps = snapshot.steps_in_average;
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
      if (average_ && averages_with_update_) {
        const double keeps = average_->steps + i > 0 ? optimizer_.common_.ema : 0;
        update.average = average_->values.data();
        update.average_keeps = static_cast<T>(keeps);
        update.average_adds = static_cast<T>(1 - keeps);
      } else {
        update.average = nullptr;
      }
      choice.numbers[kLearningRate] = rate(i);
      Running<Member>::advance(choice.numbers, number, running.data());
      update.template set_formula<Member>(choice.numbers, number, running.data());
    }
  });
}

template class Optimizer::Session<float>;
template class Optimizer::Session<double>;

}  // namespace chainrule
