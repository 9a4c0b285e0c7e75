// Makes the steps of some rows: one of them, or several of one sample each where the plan has a way for that.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "chainrule/network/first_not_finite.h"
#include "chainrule/network/optimizer.h"
#include "chainrule/plan/step.h"

namespace chainrule {

template <class T>
class StepMaker {
 public:
  StepMaker(Plan<T>& plan, Optimizer::Session<T>& session, const Samples<T>& samples,
            std::int64_t batch_size, bool one_at_a_time, bool measures_norm)
      : plan_(plan),
        session_(session),
        transformer_(session.transforms(), measures_norm, session.accumulation()),
        one_by_one_(batch_size == 1 && !one_at_a_time && transformer_.empty() &&
                    plan.trains_one_by_one(samples)),
        rows_at_once_(one_by_one_ ? Plan<T>::OneByOne::kMost : batch_size) {}

  // The rows of at most so many steps.
  std::int64_t rows_at_once(std::int64_t steps) const {
    return one_by_one_ ? std::min(rows_at_once_, steps) : rows_at_once_;
  }

  // Returns how many batches were finished: the others, of which there is one at most, came out not finite.
  std::int64_t make(const Batch<T>& batch, Team& team, Poll& poll) {
    if (one_by_one_) {
      session_.next_steps(batch.rows.size(), steps_.updates.data());
      updated_ = true;
      plan_.train_one_by_one(batch, steps_, poll);
    } else {
      session_.next_step(plan_.architecture().parameters.rates(), plan_.updates());
      const Step step = train_step(plan_, batch, plan_.updates(), transformer_, team, poll);
      steps_.costs[0] = step.cost;
      steps_.begun = 1;
      steps_.finite = step.finite;
      updated_ = step.updated;
      if (step.finite && !step.updated) {
        session_.make_own();
        return 1;
      }
      if (step.updated && session_.averages_apart()) {
        plan_.store(team);
        session_.update_average(*plan_.engine().kernels, team);
      }
      if (step.updated) session_.drop_accumulated();
    }
    const std::int64_t finished = steps_.finite ? steps_.begun : steps_.begun - 1;
    session_.finish_steps(finished);
    return finished;
  }

  // Computes the cost and the gradient of a batch without a step; last_cost(), finite() and gradient_norm() are theirs then.
  void evaluate(const Batch<T>& batch, T* gradient, Team& team, Poll& poll) {
    const CostSums cost = value_and_gradient(plan_, batch, gradient, team, poll);
    const std::int64_t count = plan_.architecture().n_parameters();
    steps_.costs[0] = cost;
    steps_.begun = 1;
    steps_.finite = std::isfinite(cost.weighted_cost) &&
                    transformer_.apply(gradient, count, *plan_.engine().kernels, team, poll);
  }

  bool finite() const { return steps_.finite; }
  const CostSums& cost(std::int64_t i) const { return steps_.costs[static_cast<std::size_t>(i)]; }
  const CostSums& last_cost() const { return cost(steps_.begun - 1); }
  // Whether the last batch came to an update, and was not one of several whose gradients are added up first.
  bool updated() const { return updated_; }
  // The last step, which came out not finite and had these rows; the plan has stored the parameters.
  FailedStep<T> failed(T* parameters, const Batch<T>& batch) const {
    return {plan_, parameters, batch, last_cost().mean(), failed_update()};
  }
  // Of the gradient of the last step, if it is measured.
  double gradient_norm() const { return transformer_.norm(); }

 private:
  // What the update of a step that came out not finite was made with; null where it did not come to that.
  const OptimizerStep<T>* failed_update() const {
    if (!one_by_one_) return updated_ ? plan_.updates() : nullptr;
    const auto last = static_cast<std::size_t>(steps_.begun - 1);
    return std::isfinite(last_cost().weighted_cost) ? &steps_.updates[last] : nullptr;
  }

  Plan<T>& plan_;
  Optimizer::Session<T>& session_;
  GradientTransformer<T> transformer_;
  const bool one_by_one_;
  const std::int64_t rows_at_once_;
  bool updated_ = false;
  typename Plan<T>::OneByOne steps_;
};

}  // namespace chainrule
