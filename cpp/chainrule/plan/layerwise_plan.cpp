// Forward, cost, backward: the article's equations as calls, for a whole batch at a time.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/layerwise_plan.h"

#include <algorithm>

namespace chainrule {

template <class T>
LayerwisePlan<T>::LayerwisePlan(const Architecture& architecture, const Capacity& capacity,
                                const Engine<T>& engine, Poll& poll)
    : Plan<T>(PlanKind::kLayerwise, architecture, capacity, engine) {
  const auto& layers = architecture.layers;
  const std::int64_t max_batch = capacity.max_rows;
  a_.resize(layers.size() + 1);
  z_.resize(layers.size());
  delta_.resize(layers.size());
  workspace_.reserve(max_batch, architecture.n_in, a_[0]);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    workspace_.reserve(max_batch, layers[l].n_out, z_[l]);
    workspace_.reserve(max_batch, layers[l].n_out, a_[l + 1]);
    if (this->trains()) workspace_.reserve(max_batch, layers[l].n_out, delta_[l]);
  }
  targets_.reserve(max_batch, architecture.n_out(), workspace_);
  workspace_.reserve(max_batch, architecture.n_out(), y_);
  workspace_.allocate(poll);
}

template <class T>
void LayerwisePlan<T>::predict(const RowSource& x, const Rows& rows, MatrixView<T> s,
                               Team& /*team*/, Poll& poll) {
  forward(x, rows, poll);
  const MatrixView<T> output = of_batch(a_.back());
  for (std::int64_t i = 0; i < batch_; ++i) std::copy_n(output.row(i), s.cols, s.row(i));
}

template <class T>
void LayerwisePlan<T>::forward(const RowSource& x, const Rows& rows, Poll& poll) {
  batch_ = rows.size();
  of_batch(a_[0]).in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    x.gather(rows.part({first, first + count}), Destination<T>::rows(a_[0].row_range(first, count)),
             *engine_.kernels);
  });
  for (std::size_t l = 0; l < z_.size(); ++l) {
    architecture_.layers[l].template forward<T>(engine_, parameters_, of_batch(a_[l]),
                                                of_batch(z_[l]), of_batch(a_[l + 1]), poll);
  }
}

template <class T>
CostSums LayerwisePlan<T>::cost(const Samples<T>& samples, const Rows& rows, Team& /*team*/,
                                Poll& poll) {
  forward(samples.x, rows, poll);
  const MatrixView<T> z = of_batch(z_.back()), s = of_batch(a_.back());
  const CostSums sums = targets_.begin(samples, rows, poll);
  targets_.gather(samples, rows, 0, Destination<T>::rows(of_batch(y_)), *engine_.kernels);
  s.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    engine_.kernels->costs(architecture_.loss, z.row(first), s.row(first), y_.row(first), count,
                           s.cols, s.stride, targets_.costs() + first);
  });
  return targets_.sum(sums);
}

template <class T>
CostSums LayerwisePlan<T>::backpropagate(const Batch<T>& batch, Team& team, Poll& poll) {
  const CostSums sums = cost(batch.samples, batch.rows, team, poll);
  const MatrixView<T> delta = of_batch(delta_.back());
  cost_gradient(architecture_.loss, delta, poll);
  if (!architecture_.loss.paired) activation_backward(z_.size() - 1, delta, poll);
  backward(poll);
  return sums;
}

template <class T>
void LayerwisePlan<T>::backpropagate_from(MatrixView<const T> dC_ds, const Batch<T>& /*batch*/,
                                          Team& /*team*/, Poll& poll) {
  activation_backward(z_.size() - 1, dC_ds, poll);
  backward(poll);
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
void LayerwisePlan<T>::dC_ds(MatrixView<T> to, Poll& poll) {
  Loss loss = architecture_.loss;
  loss.paired = false;
  cost_gradient(loss, to, poll);
}

// The delta of dense layer l from dC/da, which may be that delta itself.
template <class T>
void LayerwisePlan<T>::activation_backward(std::size_t l, MatrixView<const T> dC_da, Poll& poll) {
  const Activation& activation = architecture_.layers[l].activation;
  const MatrixView<T> delta = of_batch(delta_[l]);
  const MatrixView<T>& a_or_z = slope_reads_z(activation) ? z_[l] : a_[l + 1];
  delta.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    engine_.kernels->activation_backward(activation, a_or_z.row(first), dC_da.row(first),
                                         delta.row(first), count, delta.cols, delta.stride);
  });
}

template <class T>
void LayerwisePlan<T>::backward(Poll& poll) {
  for (std::size_t l = z_.size() - 1; l > 0; --l) {
    const MatrixView<T> dC_da = of_batch(delta_[l - 1]);
    architecture_.layers[l].template backward<T>(engine_, parameters_, of_batch(delta_[l]), dC_da,
                                                 poll);
    activation_backward(l - 1, dC_da, poll);
  }
}

template <class T>
void LayerwisePlan<T>::gradient(T* gradient, Team& /*team*/, Poll& poll) {
  for (std::size_t l = 0; l < z_.size(); ++l) {
    architecture_.layers[l].template gradient<T>(engine_, of_batch(a_[l]), of_batch(delta_[l]),
                                                 gradient, poll);
  }
}

template <class T>
bool LayerwisePlan<T>::update(const OptimizerStep<T>& update, const T* gradient,
                              const Batch<T>& /*batch*/, Team& /*team*/) {
  UpdateBlock<T> all;
  all.weights = parameters_;
  all.gradient = gradient;
  all.rows = 1;
  all.cols = architecture_.n_parameters();
  return engine_.kernels->update(update, all);
}

template class LayerwisePlan<float>;
template class LayerwisePlan<double>;

}  // namespace chainrule
