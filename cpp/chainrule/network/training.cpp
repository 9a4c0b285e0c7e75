// The training loop: one epoch after the other, one mini-batch after the other, until a condition says stop.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/training.h"

#include <algorithm>
#include <stdexcept>

#include "chainrule/network/observers/make.h"
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

// What the best epoch is told by, if its parameters are to be put back; null else.
const Monitor* restored_by(const std::vector<std::unique_ptr<Observer>>& observers) {
  const Monitor* monitor = nullptr;
  for (const auto& each : observers) {
    const Monitor* const own = each->restores_best();
    if (own && monitor && !(*own == *monitor)) {
      throw std::invalid_argument(
          "two stop conditions would put the best parameters back, by different monitors");
    }
    if (own) monitor = own;
  }
  return monitor;
}

bool any_reads_norm(const std::vector<std::unique_ptr<Observer>>& observers) {
  return std::any_of(observers.begin(), observers.end(),
                     [](const auto& each) { return each->reads_gradient_norm(); });
}

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
      records_norm_(options.gradient_norm || any_reads_norm(stop_)),
      conditions_(pointers_to(stop_), 0),
      callbacks_(options.callbacks, static_cast<int>(stop_.size())),
      steps_(plan, session, samples, batch_size_,
             std::max(conditions_.watches(), callbacks_.watches()) == Watches::kSteps,
             records_norm_),
      best_by_(restored_by(stop_)),
      best_(best_by_ != nullptr, network.n_parameters, poll),
      steps_left_(options.leave_after) {
  open_columns();
  for (const auto& each : stop_) each->connect(history.columns);
  session.connect(history.columns);
  if (options.position && !options.position->empty()) take_up(*options.position);
}

template <class T>
void Training<T>::open_columns() {
  history_.columns = {{{Quantity::kCost}}};
  if (options_.validation) history_.columns.push_back({{Quantity::kValidationCost}});
  if (!options_.minimizer) history_.columns.push_back({{Quantity::kLearningRate}});
  if (records_norm_) history_.columns.push_back({{Quantity::kGradientNorm}});
  history_.columns.push_back({{Quantity::kSeconds}});
  for (const Quantity& each : options_.metrics.quantities) history_.columns.push_back({each});
}

template <class T>
Column& Training<T>::column(const char* name) {
  return *std::find_if(history_.columns.begin(), history_.columns.end(),
                       [&](const Column& each) { return each.quantity.name == name; });
}

template <class T>
void Training<T>::go_on() {
  try {
    call_back(Watches::kEnds, [now = record()](Observer& each) { return each.begin(now); });
    history_.begun = true;
    saved_.assign(options_.checkpoints.size(), {stopwatch_.seconds(), steps_finished_});
    if (options_.on_divergence == OnDivergence::kRestore && !last_epoch_.kept) keep_epoch();
    if (options_.minimizer) minimize();
    while (!complete() && steps_left_ > 0) {
      const std::int64_t counted = first_ > 0 ? 1 : 0;  // an epoch that goes on is
      order_.begin_epoch(epoch_, network_.life.epochs_begun - counted, poll_);
      make_steps();
      epoch_seconds_ += stopwatch_.seconds() - turn_began_;
      turn_began_ = stopwatch_.seconds();
      if (!diverged_ && first_ == samples_.size() && (stopped() || steps_left_ > 0)) end_epoch();
      if (diverged_) end_divergence();
    }
    if (complete() && !given_up_) save_last_checkpoints();
  } catch (...) {
    if (options_.position) *options_.position = position();
    throw;
  }
  const bool ended = complete();
  if (options_.position) *options_.position = ended ? Position() : position();
  history_.stopped_by = given_up_   ? History::kDiverged
                        : stopped() ? stopped_by_
                        : ended     ? History::kAllEpochs
                                    : History::kLeftOff;
  if (ended) end();
}

template <class T>
void Training<T>::make_steps() {
  const std::int64_t n = samples_.size();
  turn_began_ = stopwatch_.seconds();
  while (first_ < n && !stopped() && steps_left_ > 0) {
    if (rounds_++ % kRoundsBetweenPolls == 0) poll_();
    const std::int64_t rows = steps_.rows_at_once(steps_left_);
    const std::int64_t next = std::min(first_ + rows, n);
    const std::int64_t finished = steps_.make(
        {samples_, order_.rows({first_, next}), order_.rows({next, std::min(next + rows, n)}),
         Noise::of_step(network_.seed, network_.life.steps_made), next == n},
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
      diverge_in_step(order_.rows({first_, std::min(first_ + batch_size_, n)}));
      return;
    }
    first_ = next;
    if (records_norm_ && steps_.updated()) {
      norm_sum_ += norm_before_ = steps_.gradient_norm();
      ++norms_;
    }
    // The conditions' turn after the last step comes with its epoch, so that an epoch that is complete is counted.
    if (next < n && conditions_.watches() >= Watches::kRounds) {
      stopped_by_ = conditions_.tell(
          stopped_by_, [now = record_of_step()](Observer& each) { return each.after_step(now); });
    }
    call_back_after_step();
    if (next < n && !options_.checkpoints.empty()) save_checkpoints(false);
  }
}

template <class T>
void Training<T>::end_epoch() {
  const auto record_value = [&](const char* name, double value) {
    column(name).values.push_back(value);
  };
  record_value(Quantity::kCost, cost_.mean());
  if (diverges("the mean cost", cost_.mean(), samples_)) return;
  if (options_.validation) {
    const Samples<T>& validation = *options_.validation;
    const double cost = mean_cost(plan_, validation, rows_at_once(validation), team_, poll_);
    record_value(Quantity::kValidationCost, cost);
    if (diverges("the validation cost", cost, validation)) return;
  }
  if (!options_.minimizer) record_value(Quantity::kLearningRate, session_.learning_rate());
  if (records_norm_) {
    record_value(Quantity::kGradientNorm, norm_sum_ / static_cast<double>(norms_));
  }
  record_value(Quantity::kSeconds, epoch_seconds_);
  measure();
  session_.finish_epoch(history_.columns);
  ++epoch_;
  first_ = 0;
  cost_ = {};
  norm_sum_ = epoch_seconds_ = 0;
  norms_ = 0;
  if (options_.on_divergence == OnDivergence::kRestore) keep_epoch();
  if (best_by_ && best_.is_better(best_by_->value(history_.columns))) {
    plan_.store(team_);
    best_.keep(best_by_->value(history_.columns), network_.parameters);
  }
  // First what asks nobody and cannot fail: wherever this is interrupted, all conditions have seen the epoch.
  const auto after_step = [now = record()](Observer& each) { return each.after_step(now); };
  const auto after_epoch = [now = record()](Observer& each) { return each.after_epoch(now); };
  stopped_by_ = conditions_.tell(stopped_by_, after_epoch);
  stopped_by_ = conditions_.tell(stopped_by_, after_step);
  call_back(Watches::kEpochs, after_epoch);
  if (!options_.checkpoints.empty()) save_checkpoints(true);
}

// The metrics of an epoch, computed by the caller.
template <class T>
void Training<T>::measure() {
  const std::size_t count = options_.metrics.quantities.size();
  if (count == 0) return;
  plan_.store(team_);
  const UseGuard::OpenToThisThread network(network_.uses), optimizer(session_.uses());
  std::vector<double> values(count);
  options_.metrics.compute(values.data());
  for (std::size_t i = 0; i < count; ++i) {
    history_.columns[history_.columns.size() - count + i].values.push_back(values[i]);
  }
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
Record Training<T>::record() const {
  Record now;
  now.epoch = first_ > 0 ? epoch_ + 1 : epoch_;
  now.step = steps_finished_;
  now.seconds = stopwatch_.seconds();
  now.epochs = &history_.columns;
  if (epoch_ == 0) return now;
  const auto last = [&](const char* name) {
    return history_.values(name)[static_cast<std::size_t>(epoch_ - 1)];
  };
  now.cost = last(Quantity::kCost);
  if (options_.validation) now.validation_cost = last(Quantity::kValidationCost);
  if (!options_.minimizer) now.learning_rate = last(Quantity::kLearningRate);
  if (records_norm_) now.gradient_norm = last(Quantity::kGradientNorm);
  return now;
}

template <class T>
Record Training<T>::record_of_step() const {
  Record now;
  now.epoch = epoch_ + 1;
  now.step = steps_finished_;
  now.cost = steps_.last_cost().mean();
  now.seconds = stopwatch_.seconds();
  if (!options_.minimizer) now.learning_rate = session_.learning_rate();
  // A batch whose gradient waits for others has no norm.
  if (records_norm_ && (options_.minimizer || steps_.updated())) {
    now.gradient_norm = steps_.gradient_norm();
  }
  now.epochs = &history_.columns;
  now.of_step = true;
  return now;
}

template <class T>
void Training<T>::call_back_after_step() {
  if (callbacks_.watches() < Watches::kRounds) return;
  call_back(Watches::kRounds,
            [now = record_of_step()](Observer& each) { return each.after_step(now); });
}

template <class T>
void Training<T>::save_checkpoints(bool after_epoch) {
  const double now = stopwatch_.seconds();
  for (std::size_t i = 0; i < saved_.size(); ++i) {
    const Checkpoint& each = options_.checkpoints[i];
    const bool epochs = after_epoch && each.every_epochs && epoch_ % each.every_epochs == 0;
    if (epochs || (each.every_seconds && now - saved_[i].seconds >= each.every_seconds)) {
      save_checkpoint(i);
    }
  }
}

// Where the training ends, before the best weights are put back.
template <class T>
void Training<T>::save_last_checkpoints() {
  for (std::size_t i = 0; i < saved_.size(); ++i) {
    if (saved_[i].steps != steps_finished_) save_checkpoint(i);
  }
}

template <class T>
void Training<T>::save_checkpoint(std::size_t i) {
  plan_.store(team_);
  const UseGuard::OpenToThisThread network(network_.uses), optimizer(session_.uses());
  options_.checkpoints[i].save(position());
  saved_[i] = {stopwatch_.seconds(), steps_finished_};
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
