// The parts of a step, one after the other, for every plan.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/step.h"

#include <algorithm>
#include <cmath>

namespace chainrule {
namespace {

// Forward by the plan, then the user's own function, which leaves dC/ds. It may look at the network's parameters.
template <class T>
CostSums custom_cost(Plan<T>& plan, const Batch<T>& batch, Team& team, Poll& poll) {
  const Rows& rows = batch.rows;
  const MatrixView<T> s = plan.outputs(poll).row_range(0, rows.size());
  const MatrixView<T> dC_ds = plan.output_gradients(poll).row_range(0, rows.size());
  plan.predict(batch.samples.x, rows, batch.noise, s, team, poll);
  plan.store(team);
  const auto weight = static_cast<double>(rows.size());
  return {weight * batch.samples.custom_cost(rows, s, dC_ds), weight};
}

template <class T>
CostSums cost_of(Plan<T>& plan, const Samples<T>& samples, const Rows& rows, Team& team,
                 Poll& poll) {
  return samples.custom_cost ? custom_cost(plan, Batch<T>{samples, rows}, team, poll)
                             : plan.cost(samples, rows, team, poll);
}

template <class T>
CostSums backpropagate(Plan<T>& plan, const Batch<T>& batch, Team& team, Poll& poll) {
  if (!batch.samples.custom_cost) return plan.backpropagate(batch, team, poll);
  const CostSums sums = custom_cost(plan, batch, team, poll);
  plan.backpropagate_from(plan.output_gradients(poll).row_range(0, batch.rows.size()), batch, team,
                          poll);
  return sums;
}

// Each sample costs so much more.
template <class T>
void add_penalty(CostSums& cost, Plan<T>& plan, Team& team, Poll& poll) {
  if (!plan.architecture().parameters.penalized()) return;
  cost.weighted_cost += cost.weight * plan.penalty(team, poll);
}

}  // namespace

template <class T>
Step train_step(Plan<T>& plan, const Batch<T>& batch, const OptimizerStep<T>* updates,
                GradientTransformer<T>& transformer, Team& team, Poll& poll) {
  CostSums cost = backpropagate(plan, batch, team, poll);
  add_penalty(cost, plan, team, poll);
  if (!std::isfinite(cost.weighted_cost)) return {cost, false};
  T* gradient = nullptr;
  if (!transformer.empty() || !plan.fuses_update()) {
    gradient = plan.gradient_memory(poll);
    plan.gradient(gradient, team, poll);
    const std::int64_t count = plan.architecture().n_parameters();
    const KernelTable<T>& kernels = *plan.engine().kernels;
    using Taken = typename GradientTransformer<T>::Taken;
    const Taken taken =
        transformer.accumulate(gradient, count, cost.weight, batch.ends_epoch, kernels, team);
    if (taken != Taken::kMakesStep) return {cost, taken == Taken::kWaits};
    if (!transformer.apply(gradient, count, kernels, team, poll)) {
      return {cost, false};
    }
  }
  return {cost, plan.update(updates, gradient, batch, team), true};
}
template Step train_step(Plan<float>&, const Batch<float>&, const OptimizerStep<float>*,
                         GradientTransformer<float>&, Team&, Poll&);
template Step train_step(Plan<double>&, const Batch<double>&, const OptimizerStep<double>*,
                         GradientTransformer<double>&, Team&, Poll&);

template <class T>
double mean_cost(Plan<T>& plan, const Samples<T>& samples, std::int64_t rows_at_once, Team& team,
                 Poll& poll) {
  CostSums sums;
  for (std::int64_t first = 0; first < samples.size(); first += rows_at_once) {
    const Range range{first, std::min(first + rows_at_once, samples.size())};
    sums += cost_of(plan, samples, {nullptr, range}, team, poll);
  }
  add_penalty(sums, plan, team, poll);
  return sums.mean();
}
template double mean_cost(Plan<float>&, const Samples<float>&, std::int64_t, Team&, Poll&);
template double mean_cost(Plan<double>&, const Samples<double>&, std::int64_t, Team&, Poll&);

template <class T>
CostSums value_and_gradient(Plan<T>& plan, const Batch<T>& batch, T* gradient, Team& team,
                            Poll& poll) {
  CostSums cost = backpropagate(plan, batch, team, poll);
  add_penalty(cost, plan, team, poll);
  plan.gradient(gradient, team, poll);
  return cost;
}
template CostSums value_and_gradient(Plan<float>&, const Batch<float>&, float*, Team&, Poll&);
template CostSums value_and_gradient(Plan<double>&, const Batch<double>&, double*, Team&, Poll&);

}  // namespace chainrule
