// One step of gradient descent, made of a plan's parts: backpropagate, gradient, update.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/plan/plan.h"
#include "chainrule/plan/transform_gradient.h"

namespace chainrule {

struct Step {
  CostSums cost;  // before the update, with the penalty
  // False where the cost, the norm of the gradient or a new number is not finite. After the first two, nothing has
  // changed; after an update that overflows, only what stays finite has.
  bool finite = true;
  // Whether it came as far as its update. Else, where all is finite, the gradient was added to those of other batches, which make
  // a step together.
  bool updated = false;
};

// The poll's hook runs only before the first parameter changes.
// `updates`: as Plan::update() takes them.
template <class T>
Step train_step(Plan<T>& plan, const Batch<T>& batch, const OptimizerStep<T>* updates,
                GradientTransformer<T>& transformer, Team& team, Poll& poll);

// The mean cost of all samples, and the penalty, at most `rows_at_once` at a time.
template <class T>
double mean_cost(Plan<T>& plan, const Samples<T>& samples, std::int64_t rows_at_once, Team& team,
                 Poll& poll);

// The cost of a batch, with the penalty, and its gradient in a block laid out as the parameters.
template <class T>
CostSums value_and_gradient(Plan<T>& plan, const Batch<T>& batch, T* gradient, Team& team,
                            Poll& poll);

}  // namespace chainrule
