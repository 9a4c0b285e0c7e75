// The training loop: one epoch after the other, one mini-batch after the other, until a condition says stop.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/training_loop.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/network/divergence.h"
#include "chainrule/plan/step.h"
#include "chainrule/random/stream.h"

namespace chainrule {
namespace {

// A look at the clock takes as long as a tenth of the shortest round of steps; the plans poll within long ones.
constexpr std::int64_t kRoundsBetweenPolls = 8;

// Some hundred microseconds' worth.
constexpr std::size_t kSwapsBetweenPolls = 16384;

// The order in which an epoch visits the samples.
class SampleOrder {
 public:
  SampleOrder(std::int64_t n, std::uint64_t seed, bool shuffle, const ArrayView& given)
      : seed_(seed), shuffle_(shuffle), given_(given), order_(static_cast<std::size_t>(n)) {
    std::iota(order_.begin(), order_.end(), std::int64_t{0});
  }

  // `epoch` counts within this call, `epoch_of_network` within the life of the network.
  void begin_epoch(std::int64_t epoch, std::int64_t epoch_of_network, Poll& poll) {
    if (given_.data) {
      gather_rows(given_, one_row(epoch), MatrixView<std::int64_t>(order_.data(), 1, given_.cols));
      const auto n = static_cast<std::int64_t>(order_.size());
      const auto is_sample = [n](std::int64_t each) { return each >= 0 && each < n; };
      if (!std::all_of(order_.begin(), order_.end(), is_sample)) throw_changed("order");
    } else if (shuffle_) {
      // Fisher and Yates, from the same start each time: an epoch's order depends on its number alone.
      std::iota(order_.begin(), order_.end(), std::int64_t{0});
      RandomStream stream(seed_, Purpose::kShuffle, static_cast<std::uint32_t>(epoch_of_network));
      for (std::size_t left = order_.size(); left > 1; --left) {
        std::swap(order_[left - 1], order_[stream.next_below(left)]);
        if (left % kSwapsBetweenPolls == 0) poll();
      }
    }
  }

  Rows rows(Range range) const { return {order_.data(), range}; }

 private:
  std::uint64_t seed_;
  bool shuffle_;
  ArrayView given_;
  std::vector<std::int64_t> order_;
};

class StopConditionsOfFit {
 public:
  StopConditionsOfFit(const std::vector<Spec>& specs, const Questions& questions) {
    for (const Spec& spec : specs) conditions_.push_back(make_stop_condition(spec, questions));
  }

  bool count_steps() const {
    return std::any_of(conditions_.begin(), conditions_.end(),
                       [](const auto& each) { return each->counts_steps(); });
  }

  // Every condition sees every epoch; the first in the user's order that says stop is named.
  template <class Asked>
  bool any(int& stopped_by, Asked&& asked) {
    bool stop = false;
    for (std::size_t i = 0; i < conditions_.size(); ++i) {
      if (asked(*conditions_[i]) && !stop) {
        stop = true;
        stopped_by = static_cast<int>(i);
      }
    }
    return stop;
  }

 private:
  std::vector<std::unique_ptr<StopCondition>> conditions_;
};

// Writes the seconds of its life down when it ends, however that comes.
class Stopwatch {
 public:
  explicit Stopwatch(double& total) : total_(total) {}
  ~Stopwatch() { total_ = seconds(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start_ = Clock::now();
  double& total_;
};

// Makes the steps of some rows: one of them, or several of one sample each where the plan has a way for that.
template <class T>
class StepMaker {
 public:
  StepMaker(Plan<T>& plan, const typename Optimizer::Session<T>& session, const Samples<T>& samples,
            std::int64_t batch_size, bool one_at_a_time)
      : plan_(plan),
        session_(session),
        transformer_(session.transforms()),
        one_by_one_(batch_size == 1 && !one_at_a_time && transformer_.empty() &&
                    plan.trains_one_by_one(samples)),
        rows_at_once_(one_by_one_ ? Plan<T>::OneByOne::kMost : batch_size) {}

  std::int64_t rows_at_once() const { return rows_at_once_; }

  void make(const Batch<T>& batch, Team& team, Poll& poll) {
    if (one_by_one_) {
      session_.next_steps(batch.rows.size(), steps_.updates.data());
      plan_.train_one_by_one(batch, steps_, poll);
      return;
    }
    session_.next_steps(1, steps_.updates.data());
    const Step step = train_step(plan_, batch, steps_.updates[0], transformer_, team, poll);
    steps_.costs[0] = step.cost;
    steps_.begun = 1;
    steps_.finite = step.finite;
  }

  // Those begun, and whether the last of them came out finite.
  std::int64_t begun() const { return steps_.begun; }
  const CostSums& cost(std::int64_t i) const { return steps_.costs[static_cast<std::size_t>(i)]; }
  bool finite() const { return steps_.finite; }

 private:
  Plan<T>& plan_;
  const typename Optimizer::Session<T>& session_;
  GradientTransformer<T> transformer_;
  const bool one_by_one_;
  const std::int64_t rows_at_once_;
  typename Plan<T>::OneByOne steps_;
};

std::string of_epoch(std::int64_t epoch) { return " of epoch " + std::to_string(epoch + 1); }

template <class T>
void require_finite_cost(const char* name, double cost, std::int64_t epoch,
                         const Samples<T>& samples, double learning_rate, Poll& poll) {
  if (std::isfinite(cost)) return;
  throw_diverged(std::string(name) + of_epoch(epoch) + " became " + text_of(cost), samples,
                 learning_rate, poll);
}

}  // namespace

template <class T>
void check_fit_options(const FitOptions<T>& options, std::int64_t n_samples, Poll& poll) {
  if (options.epochs < 0 && options.epochs != FitOptions<T>::kUntilStopped) {
    throw std::invalid_argument("epochs must be >= 0, got " + std::to_string(options.epochs));
  }
  if (options.epochs == FitOptions<T>::kUntilStopped && options.stop.empty()) {
    throw std::invalid_argument("without a number of epochs, training needs a stop condition");
  }
  if (options.batch_size < 1) {
    throw std::invalid_argument("batch_size must be >= 1, got " +
                                std::to_string(options.batch_size));
  }
  for (const Spec& spec : options.stop) make_stop_condition(spec, options.questions);
  const ArrayView& order = options.order;
  if (!order.data) return;
  if (options.epochs == FitOptions<T>::kUntilStopped) {
    throw std::invalid_argument("an order of samples goes with a number of epochs");
  }
  if (order.rows != options.epochs || order.cols != n_samples) {
    throw ShapeError("order has shape " + shape_text(order.rows, order.cols) + ", expected " +
                     shape_text(options.epochs, n_samples) + ", (epochs, samples)");
  }
  // As doubles, which tell a number that no int64 holds from one that is right.
  std::vector<double> epoch(static_cast<std::size_t>(n_samples));
  for (std::int64_t i = 0; i < order.rows; ++i) {
    gather_rows(order, one_row(i), MatrixView<double>(epoch.data(), 1, n_samples));
    for (std::int64_t j = 0; j < n_samples; ++j) {
      const double sample = epoch[static_cast<std::size_t>(j)];
      if (sample >= 0 && sample < static_cast<double>(n_samples)) continue;
      throw std::invalid_argument("order has " + text_of(sample) + " in row " + std::to_string(i) +
                                  ", column " + std::to_string(j) +
                                  "; expected numbers of samples from 0 to " +
                                  std::to_string(n_samples - 1));
    }
    poll();
  }
}

template <class T>
std::int64_t rows_at_once(const Samples<T>& samples) {
  // A cost of the user's own need not be a mean over samples, so it gets them all.
  return samples.custom_cost ? samples.size() : std::min(samples.size(), kRowsAtOnce);
}

template <class T>
void run_training_loop(Plan<T>& plan, typename Optimizer::Session<T>& session,
                       const Samples<T>& samples, const FitOptions<T>& options, std::uint64_t seed,
                       std::int64_t& epochs_begun, Team& team, Poll& poll, History& history) {
  const Stopwatch stopwatch(history.seconds);
  const std::int64_t n = samples.size(), batch_size = std::min(options.batch_size, n);
  SampleOrder order(n, seed, options.shuffle, options.order);
  StopConditionsOfFit stop(options.stop, options.questions);
  history.begun = true;
  bool stopped = false;
  std::int64_t rounds = 0;
  StepMaker<T> steps(plan, session, samples, batch_size, stop.count_steps());
  for (std::int64_t epoch = 0; epoch != options.epochs && !stopped; ++epoch) {
    order.begin_epoch(epoch, epochs_begun, poll);
    CostSums cost;
    for (std::int64_t first = 0; first < n && !stopped; first += steps.rows_at_once()) {
      if (rounds++ % kRoundsBetweenPolls == 0) poll();
      const std::int64_t next = std::min(first + steps.rows_at_once(), n);
      const Batch<T> batch{samples, order.rows({first, next}),
                           order.rows({next, std::min(next + steps.rows_at_once(), n)})};
      steps.make(batch, team, poll);
      for (std::int64_t i = 0; i < steps.begun(); ++i) {
        const CostSums& of_step = steps.cost(i);
        if (!steps.finite() && i + 1 == steps.begun()) {
          const std::int64_t step = first / batch_size + i;
          const bool is_first = epoch == 0 && step == 0;
          throw_diverged(what_diverged(of_step.mean()) + " in step " + std::to_string(step + 1) +
                             of_epoch(epoch),
                         samples, is_first ? 0 : session.learning_rate(), poll);
        }
        session.finish_step();
        if (first + i == 0) ++epochs_begun;  // not before: a first step that fails changes nothing
        cost += of_step;
      }
      // The last step's turn comes with its epoch, so that an epoch that is complete is counted.
      if (next < n) {
        stopped = stop.any(history.stopped_by, [&](StopCondition& each) {
          return each.after_step(stopwatch.seconds());
        });
      }
    }
    if (stopped) break;
    double watched = cost.mean();
    history.cost.push_back(watched);
    require_finite_cost("the mean cost", watched, epoch, samples, session.learning_rate(), poll);
    if (options.validation) {
      watched = mean_cost(plan, *options.validation, rows_at_once(*options.validation), team, poll);
      history.validation_cost.push_back(watched);
      require_finite_cost("the validation cost", watched, epoch, *options.validation,
                          session.learning_rate(), poll);
    }
    stopped = stop.any(history.stopped_by, [&](StopCondition& each) {
      const bool after_step = each.after_step(stopwatch.seconds());
      return each.after_epoch(watched) || after_step;
    });
  }
}

template void check_fit_options(const FitOptions<float>&, std::int64_t, Poll&);
template void check_fit_options(const FitOptions<double>&, std::int64_t, Poll&);
template std::int64_t rows_at_once(const Samples<float>&);
template std::int64_t rows_at_once(const Samples<double>&);
template void run_training_loop(Plan<float>&, Optimizer::Session<float>&, const Samples<float>&,
                                const FitOptions<float>&, std::uint64_t, std::int64_t&, Team&,
                                Poll&, History&);
template void run_training_loop(Plan<double>&, Optimizer::Session<double>&, const Samples<double>&,
                                const FitOptions<double>&, std::uint64_t, std::int64_t&, Team&,
                                Poll&, History&);

}  // namespace chainrule
