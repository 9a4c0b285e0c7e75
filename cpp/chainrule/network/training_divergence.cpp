// What becomes of a training that diverges: an exception, its end, or another way from its last whole epoch on.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "chainrule/error.h"
#include "chainrule/network/divergence.h"
#include "chainrule/network/training.h"

namespace chainrule {
namespace {

std::string of_epoch(std::int64_t epoch) { return " of epoch " + std::to_string(epoch + 1); }

// "the weights are ..."
std::string weights_after(std::int64_t epochs) {
  return epochs == 0 ? "those that the training began with"
                     : "those after epoch " + std::to_string(epochs);
}

}  // namespace

// The step that was made last, with its rows.
template <class T>
void Training<T>::diverge_in_step(Rows failed) {
  plan_.store(team_);
  const std::int64_t step = first_ / batch_size_ + 1;
  const Batch<T> batch{
      samples_, failed, {}, Noise::of_step(network_.seed, network_.life.steps_made)};
  const bool has_changed = steps_finished_ > session_.batches_waiting();
  Divergence<T> divergence = divergence_in_step(steps_.failed(network_.parameters, batch), session_,
                                                has_changed, team_, poll_);
  divergence.what += " in step " + std::to_string(step) + of_epoch(epoch_);
  divergence.norm_before = norm_before_;
  divergence.epoch = epoch_ + 1;
  divergence.step = step;
  diverged_ = training_diverged(divergence, poll_);
}

// The cost of all samples with the weights that the training begins with, or its gradient.
template <class T>
void Training<T>::diverge_before_steps(double cost) {
  const Batch<T> batch{samples_, samples_.all()};
  Divergence<T> divergence{what_diverged(cost) + " before the first iteration", samples_};
  divergence.first =
      first_not_finite<T>({plan_, network_.parameters, batch, cost, nullptr}, team_, poll_);
  divergence.epoch = epoch_ + 1;
  diverged_ = training_diverged(divergence, poll_);
}

// A cost between two epochs, of all these samples.
template <class T>
bool Training<T>::diverges(const char* name, double cost, const Samples<T>& samples) {
  if (std::isfinite(cost)) return false;
  Divergence<T> divergence{std::string(name) + of_epoch(epoch_) + " became " + text_of(cost),
                           samples};
  divergence.learning_rate = options_.minimizer ? Divergence<T>::kNoRate : session_.learning_rate();
  // The costs of the steps were finite, each with weights of its own: what is not is their sum.
  if (&samples != &samples_) {
    plan_.store(team_);
    divergence.first = first_not_finite(plan_, network_.parameters, samples, poll_);
  }
  divergence.epoch = epoch_ + 1;
  diverged_ = training_diverged(divergence, poll_);
  return true;
}

template <class T>
void Training<T>::end_divergence() {
  const TrainingDiverged error = *diverged_;
  diverged_.reset();
  const bool goes_back = options_.on_divergence == OnDivergence::kRestore;
  if (goes_back) go_back();
  if (goes_back && history_.restored.size() < FitOptions<T>::kMostRestores) {
    go_on_slower(error);
    return;
  }
  history_.diverged = error;
  if (goes_back) {
    TrainingDiverged last(
        error.happened + ", after " + std::to_string(FitOptions<T>::kMostRestores) + " restores",
        weights_after(epoch_), error.advice);
    last.epoch = error.epoch;
    last.step = error.step;
    last.layer = error.layer;
    history_.diverged = last;
  }
  if (options_.on_divergence != OnDivergence::kStop) throw *history_.diverged;
  given_up_ = true;
  if (options_.warn) {
    options_.warn("the training has stopped: " + std::string(error.what()), Warning::kDivergence);
  }
}

template <class T>
void Training<T>::keep_epoch() {
  plan_.store(team_);
  last_epoch_.parameters.assign(network_.parameters, network_.parameters + network_.n_parameters);
  session_.keep(last_epoch_.optimizer);
  last_epoch_.life = network_.life;
  last_epoch_.steps = steps_finished_;
  last_epoch_.kept = true;
}

template <class T>
void Training<T>::go_back() {
  plan_.store(team_);
  std::copy(last_epoch_.parameters.begin(), last_epoch_.parameters.end(), network_.parameters);
  session_.put_back(last_epoch_.optimizer);
  network_.life = last_epoch_.life;
  steps_finished_ = last_epoch_.steps;
  first_ = 0;
  cost_ = {};
  norm_sum_ = epoch_seconds_ = 0;
  norms_ = 0;
  norm_before_ = std::numeric_limits<double>::quiet_NaN();
  for (Column& each : history_.columns) {
    each.values.resize(std::min(each.values.size(), static_cast<std::size_t>(epoch_)));
  }
  Poll uninterrupted;  // half of the weights loaded would be stored when the plan is given back
  plan_.load(network_.parameters, {batch_size_, batch_size_, true, team_.size()}, team_,
             uninterrupted);
}

template <class T>
void Training<T>::go_on_slower(const TrainingDiverged& error) {
  session_.scale_learning_rate(0.5);
  const double rate = session_.learning_rate();
  history_.restored.push_back({epoch_ + 1, error.step, rate});
  if (!options_.warn) return;
  options_.warn(error.happened + "; the training goes on with the weights " +
                    (epoch_ == 0 ? "that it began with" : "after epoch " + std::to_string(epoch_)) +
                    " and half the learning rate, " + text_of(rate) + ". " + error.advice,
                Warning::kDivergence);
}

template void Training<float>::diverge_in_step(Rows);
template void Training<double>::diverge_in_step(Rows);
template void Training<float>::diverge_before_steps(double);
template void Training<double>::diverge_before_steps(double);
template bool Training<float>::diverges(const char*, double, const Samples<float>&);
template bool Training<double>::diverges(const char*, double, const Samples<double>&);
template void Training<float>::end_divergence();
template void Training<double>::end_divergence();
template void Training<float>::keep_epoch();
template void Training<double>::keep_epoch();

}  // namespace chainrule
