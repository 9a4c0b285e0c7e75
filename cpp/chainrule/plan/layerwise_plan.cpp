// Forward, cost, backward: the article's equations as calls, for a whole batch at a time.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/layerwise_plan.h"

#include <algorithm>
#include <cmath>

namespace chainrule {

template <class T>
LayerwisePlan<T>::LayerwisePlan(const Architecture& architecture, const Passes& passes,
                                const Engine<T>& engine, Poll& poll)
    : Plan<T>(passes, engine), architecture_(architecture) {
  const auto& layers = architecture.layers;
  const std::int64_t max_batch = passes.max_rows;
  a_.resize(layers.size() + 1);
  z_.resize(layers.size());
  delta_.resize(layers.size());
  workspace_.reserve(max_batch, architecture.n_in, a_[0]);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    workspace_.reserve(max_batch, layers[l].n_out, z_[l]);
    workspace_.reserve(max_batch, layers[l].n_out, a_[l + 1]);
  }
  targets_.reserve(max_batch, architecture.n_out(), workspace_);
  workspace_.reserve(max_batch, architecture.n_out(), y_);
  workspace_.reserve(max_batch, architecture.n_out(), dC_ds_);
  if (this->trains()) {
    for (std::size_t l = 0; l < layers.size(); ++l) {
      workspace_.reserve(max_batch, layers[l].n_out, delta_[l]);
    }
    workspace_.reserve(1, architecture.n_parameters, gradient_);
  }
  workspace_.allocate(poll);
}

template <class T>
void LayerwisePlan<T>::predict(const ArrayView& x, const Rows& rows, MatrixView<T> s,
                               Team& /*team*/, Poll& poll) {
  forward(x, rows, poll);
  const MatrixView<T> output = of_batch(a_.back());
  for (std::int64_t i = 0; i < batch_; ++i) std::copy_n(output.row(i), s.cols, s.row(i));
}

template <class T>
CostSums LayerwisePlan<T>::cost(const Samples<T>& samples, const Rows& rows, Team& /*team*/,
                                Poll& poll) {
  forward(samples.x, rows, poll);
  return cost_forward(samples, rows, poll);
}

template <class T>
CostSums LayerwisePlan<T>::value_and_gradient(const Samples<T>& samples, const Rows& rows,
                                              T* gradient, Team& team, Poll& poll) {
  const CostSums sums = cost(samples, rows, team, poll);
  cost_backward(poll);
  backward(gradient, poll);
  return sums;
}

template <class T>
typename Plan<T>::Step LayerwisePlan<T>::train_step(const Samples<T>& samples, const Rows& rows,
                                                    const Update<T>& update, Team& team,
                                                    Poll& poll) {
  typename Plan<T>::Step step;
  step.cost = value_and_gradient(samples, rows, gradient_.data, team, poll);
  const std::int64_t count = architecture_.n_parameters;
  UpdateBlock<T> block;
  block.weights = parameters_;
  block.gradient = gradient_.data;
  block.rows = 1;
  block.cols = count;
  // Once without storing: a step that does not come out finite changes nothing.
  block.check_only = true;
  step.finite = std::isfinite(step.cost.weighted_cost) && engine_.kernels->update(update, block);
  block.check_only = false;
  if (step.finite) engine_.kernels->update(update, block);
  return step;
}

template <class T>
void LayerwisePlan<T>::forward(const ArrayView& x, const Rows& rows, Poll& poll) {
  batch_ = rows.count;
  of_batch(a_[0]).in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    gather_rows(x, rows.part(first, count), a_[0].row_range(first, count));
  });
  for (std::size_t l = 0; l < z_.size(); ++l) {
    architecture_.layers[l].template forward<T>(engine_, parameters_, of_batch(a_[l]),
                                                of_batch(z_[l]), of_batch(a_[l + 1]), poll);
  }
}

template <class T>
CostSums LayerwisePlan<T>::cost_forward(const Samples<T>& samples, const Rows& rows, Poll& poll) {
  const MatrixView<T> z = of_batch(z_.back()), s = of_batch(a_.back());
  CostSums sums = targets_.begin(samples, rows, poll);
  if (samples.custom_cost) {
    sums.weighted_cost = sums.weight * samples.custom_cost(rows, s, of_batch(dC_ds_));
    return sums;
  }
  targets_.gather(samples, rows, 0, of_batch(y_));
  s.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    engine_.kernels->costs(architecture_.loss, z.row(first), s.row(first), y_.row(first), count,
                           s.cols, s.stride, targets_.costs() + first);
  });
  return targets_.sum(sums);
}

// From the cost to the output layer's delta.
template <class T>
void LayerwisePlan<T>::cost_backward(Poll& poll) {
  const Loss& loss = architecture_.loss;
  const MatrixView<T> s = of_batch(a_.back()), dC_ds = of_batch(dC_ds_),
                      delta = of_batch(delta_.back());
  if (!loss.is_custom()) cost_gradient(loss, loss.paired ? delta : dC_ds, poll);
  if (!loss.paired) {
    engine_.kernels->activation_backward(architecture_.layers.back().activation, s.data, dC_ds.data,
                                         delta.data, s.rows, s.cols, s.stride);
  }
}

// dC/ds, or delta where the loss is paired
template <class T>
void LayerwisePlan<T>::cost_gradient(const Loss& loss, MatrixView<T> gradient, Poll& poll) {
  const MatrixView<T> s = of_batch(a_.back());
  s.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    engine_.kernels->cost_backward(loss, s.row(first), y_.row(first), targets_.shares() + first,
                                   count, s.cols, s.stride, gradient.row(first));
  });
}

template <class T>
MatrixView<const T> LayerwisePlan<T>::dC_ds(Poll& poll) {
  Loss loss = architecture_.loss;
  if (loss.paired) {
    loss.paired = false;
    cost_gradient(loss, of_batch(dC_ds_), poll);
  }
  return of_batch(dC_ds_);
}

template <class T>
void LayerwisePlan<T>::backward(T* gradient, Poll& poll) {
  for (std::size_t l = z_.size(); l-- > 0;) {
    const MatrixView<T> dC_da = l > 0 ? of_batch(delta_[l - 1]) : MatrixView<T>();
    architecture_.layers[l].template backward<T>(engine_, parameters_, of_batch(a_[l]),
                                                 of_batch(delta_[l]), gradient, dC_da, poll);
    if (l > 0) {
      dC_da.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
        T* part = dC_da.row(first);
        engine_.kernels->activation_backward(architecture_.layers[l - 1].activation,
                                             a_[l].row(first), part, part, count, dC_da.cols,
                                             dC_da.stride);
      });
    }
  }
}

template class LayerwisePlan<float>;
template class LayerwisePlan<double>;

}  // namespace chainrule
