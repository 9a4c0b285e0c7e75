// The training loop: one epoch after the other, one mini-batch after the other, until a condition says stop.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/training.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "chainrule/error.h"
#include "chainrule/network/divergence.h"
#include "chainrule/network/observers/list.h"
#include "chainrule/network/rows_at_once.h"

namespace chainrule {
namespace {

// A look at the clock takes as long as a tenth of the shortest round of steps; the plans poll within long ones.
constexpr std::int64_t kRoundsBetweenPolls = 8;

std::vector<Observer*> pointers_to(const std::vector<std::unique_ptr<Observer>>& observers) {
  std::vector<Observer*> pointers;
  for (const auto& each : observers) pointers.push_back(each.get());
  return pointers;
}

bool any_restores_best(const std::vector<std::unique_ptr<Observer>>& observers) {
  return std::any_of(observers.begin(), observers.end(),
                     [](const auto& each) { return each->restores_best(); });
}

std::string of_epoch(std::int64_t epoch) { return " of epoch " + std::to_string(epoch + 1); }

}  // namespace

template <class T>
Training<T>::Training(const TrainedNetwork<T>& network, Plan<T>& plan,
                      Optimizer::Session<T>& session, const Samples<T>& samples,
                      const FitOptions<T>& options, Team& team, Poll& poll, History& history)
    : network_(network),
      plan_(plan),
      session_(session),
      samples_(samples),
      options_(options),
      team_(team),
      poll_(poll),
      history_(history),
      stopwatch_(history.seconds),
      batch_size_(std::min(options.batch_size, samples.size())),
      order_(samples.size(), network.seed, options.shuffle, options.order, poll),
      stop_(make_observers(options.stop, options.questions)),
      conditions_(pointers_to(stop_), 0),
      callbacks_(options.callbacks, static_cast<int>(stop_.size())),
      steps_(plan, session, samples, batch_size_,
             std::max(conditions_.watches(), callbacks_.watches()) == Watches::kSteps),
      best_(any_restores_best(stop_), network.n_parameters, poll),
      steps_left_(options.leave_after) {
  if (options.position && !options.position->empty()) {
    take_up(*options.position);
  } else {
    history.cost.clear();
    history.validation_cost.clear();
  }
}

template <class T>
void Training<T>::go_on() {
  try {
    call_back(Watches::kEnds, [now = record()](Observer& each) { return each.begin(now); });
    history_.begun = true;
    while (epoch_ != options_.epochs && !stopped() && steps_left_ > 0) {
      const std::int64_t counted = first_ > 0 ? 1 : 0;  // an epoch that goes on is
      order_.begin_epoch(epoch_, network_.life.epochs_begun - counted, poll_);
      make_steps();
      if (first_ == samples_.size() && (stopped() || steps_left_ > 0)) end_epoch();
    }
  } catch (...) {
    if (options_.position) *options_.position = position();
    throw;
  }
  const bool ended = stopped() || epoch_ == options_.epochs;
  if (options_.position) *options_.position = ended ? Position() : position();
  history_.stopped_by = stopped() ? stopped_by_ : ended ? History::kAllEpochs : History::kLeftOff;
  if (ended) end();
}

template <class T>
void Training<T>::make_steps() {
  const std::int64_t n = samples_.size();
  while (first_ < n && !stopped() && steps_left_ > 0) {
    if (rounds_++ % kRoundsBetweenPolls == 0) poll_();
    const std::int64_t rows = steps_.rows_at_once(steps_left_);
    const std::int64_t next = std::min(first_ + rows, n);
    const std::int64_t finished = steps_.make(
        {samples_, order_.rows({first_, next}), order_.rows({next, std::min(next + rows, n)}),
         Noise::of_step(network_.seed, network_.life.steps_made)},
        team_, poll_);
    // Not before: a first step that fails changes nothing.
    if (first_ == 0 && finished > 0) ++network_.life.epochs_begun;
    network_.life.steps_made += finished;
    steps_finished_ += finished;
    steps_left_ -= finished;
    CostSums cost = cost_;  // in registers: a step may take less than 100 ns
    for (std::int64_t i = 0; i < finished; ++i) cost += steps_.cost(i);
    cost_ = cost;
    if (!steps_.finite()) {
      first_ += finished * batch_size_;
      throw_diverged(what_diverged(steps_.last_cost().mean()) + " in step " +
                         std::to_string(first_ / batch_size_ + 1) + of_epoch(epoch_),
                     samples_, steps_finished_ == 0 ? 0 : session_.learning_rate(), poll_);
    }
    first_ = next;
    // The conditions' turn after the last step comes with its epoch, so that an epoch that is complete is counted.
    if (next < n && conditions_.watches() >= Watches::kRounds) {
      stopped_by_ = conditions_.tell(
          stopped_by_, [now = record_of_step()](Observer& each) { return each.after_step(now); });
    }
    if (callbacks_.watches() >= Watches::kRounds) {
      call_back(Watches::kRounds,
                [now = record_of_step()](Observer& each) { return each.after_step(now); });
    }
  }
}

template <class T>
void Training<T>::end_epoch() {
  double watched = cost_.mean();
  history_.cost.push_back(watched);
  require_finite("the mean cost", watched, samples_);
  if (options_.validation) {
    const Samples<T>& validation = *options_.validation;
    watched = mean_cost(plan_, validation, rows_at_once(validation), team_, poll_);
    history_.validation_cost.push_back(watched);
    require_finite("the validation cost", watched, validation);
  }
  ++epoch_;
  first_ = 0;
  cost_ = {};
  if (best_.is_better(watched)) {
    plan_.store(team_);
    best_.keep(watched, network_.parameters);
  }
  // First what asks nobody and cannot fail: wherever this is interrupted, all conditions have seen the epoch.
  const auto after_step = [now = record()](Observer& each) { return each.after_step(now); };
  const auto after_epoch = [now = record()](Observer& each) { return each.after_epoch(now); };
  stopped_by_ = conditions_.tell(stopped_by_, after_epoch);
  stopped_by_ = conditions_.tell(stopped_by_, after_step);
  call_back(Watches::kEpochs, after_epoch);
}

template <class T>
void Training<T>::end() {
  if (best_.any()) {
    plan_.store(team_);
    std::copy(best_.begin(), best_.end(), network_.parameters);
  }
  call_back(Watches::kEnds, [now = record()](Observer& each) {
    each.end(now);
    return false;
  });
}

template <class T>
void Training<T>::require_finite(const char* name, double cost, const Samples<T>& samples) {
  if (std::isfinite(cost)) return;
  throw_diverged(std::string(name) + of_epoch(epoch_) + " became " + text_of(cost), samples,
                 session_.learning_rate(), poll_);
}

template <class T>
Record Training<T>::record() const {
  Record now;
  now.epoch = first_ > 0 ? epoch_ + 1 : epoch_;
  now.step = steps_finished_;
  if (epoch_ > 0) {
    const auto last = static_cast<std::size_t>(epoch_ - 1);
    now.cost = history_.cost[last];
    if (options_.validation) now.validation_cost = history_.validation_cost[last];
  }
  now.seconds = stopwatch_.seconds();
  return now;
}

template <class T>
Record Training<T>::record_of_step() const {
  return {epoch_ + 1, steps_finished_, steps_.last_cost().mean(), {}, stopwatch_.seconds()};
}

template <class T>
template <class Tell>
void Training<T>::call_back(Watches closely, Tell&& tell) {
  if (callbacks_.empty() || callbacks_.watches() < closely) return;
  plan_.store(team_);
  const UseGuard::OpenToThisThread network(network_.uses), optimizer(session_.uses());
  stopped_by_ = callbacks_.tell(stopped_by_, tell);
}

template class Training<float>;
template class Training<double>;

}  // namespace chainrule
