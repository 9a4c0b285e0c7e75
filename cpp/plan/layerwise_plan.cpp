// Forward, cost, backward: the article's equations as calls, for a whole batch at a time.
// SPDX-License-Identifier: BSD-3-Clause
#include "plan/layerwise_plan.h"

#include <algorithm>
#include <cmath>

namespace chainrule {

template <class T>
LayerwisePlan<T>::LayerwisePlan(const Architecture& architecture, std::int64_t max_batch,
                                Direction direction)
    : architecture_(architecture), max_batch_(max_batch), direction_(direction) {
  const auto& layers = architecture.layers;
  a_.resize(layers.size() + 1);
  z_.resize(layers.size());
  delta_.resize(layers.size());
  workspace_.reserve(max_batch, architecture.n_in, a_[0]);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    workspace_.reserve(max_batch, layers[l].n_out, z_[l]);
    workspace_.reserve(max_batch, layers[l].n_out, a_[l + 1]);
  }
  workspace_.reserve(max_batch, architecture.n_out(), y_);
  workspace_.reserve(max_batch, 1, weight_);
  workspace_.reserve(max_batch, architecture.n_out(), dC_ds_);
  labels_ = AlignedBlock<std::int64_t>(max_batch);
  if (direction == Direction::kForwardAndBackward) {
    for (std::size_t l = 0; l < layers.size(); ++l) {
      workspace_.reserve(max_batch, layers[l].n_out, delta_[l]);
    }
    workspace_.reserve(1, architecture.n_parameters, gradient_);
  }
  workspace_.allocate();
}

template <class T>
bool LayerwisePlan<T>::serves(std::int64_t batch, Direction direction) const {
  return batch <= max_batch_ && direction <= direction_;
}

template <class T>
void LayerwisePlan<T>::predict(const T* parameters, const ArrayView& x, const Rows& rows,
                               MatrixView<T> s, Poll& poll) {
  forward(parameters, x, rows, poll);
  const MatrixView<T> output = of_batch(a_.back());
  for (std::int64_t i = 0; i < batch_; ++i) std::copy_n(output.row(i), s.cols, s.row(i));
}

template <class T>
CostSums LayerwisePlan<T>::cost(const T* parameters, const Samples<T>& samples, const Rows& rows,
                                Poll& poll) {
  forward(parameters, samples.x, rows, poll);
  return cost_forward(samples, rows);
}

template <class T>
CostSums LayerwisePlan<T>::value_and_gradient(const T* parameters, const Samples<T>& samples,
                                              const Rows& rows, T* gradient, Poll& poll) {
  const CostSums sums = cost(parameters, samples, rows, poll);
  cost_backward(sums);
  backward(parameters, gradient, poll);
  return sums;
}

template <class T>
typename Plan<T>::Step LayerwisePlan<T>::train_step(T* parameters, const Samples<T>& samples,
                                                    const Rows& rows,
                                                    const kernels::Update<T>& update, Poll& poll) {
  typename Plan<T>::Step step;
  step.cost = value_and_gradient(parameters, samples, rows, gradient_.data, poll);
  const std::int64_t count = architecture_.n_parameters;
  step.finite = std::isfinite(step.cost.weighted_cost) &&
                kernels::all_finite(gradient_.data, count) &&
                kernels::update_parameters(update, parameters, gradient_.data, count);
  return step;
}

template <class T>
void LayerwisePlan<T>::forward(const T* parameters, const ArrayView& x, const Rows& rows,
                               Poll& poll) {
  batch_ = rows.count;
  gather_rows(x, rows, of_batch(a_[0]));
  for (std::size_t l = 0; l < z_.size(); ++l) {
    architecture_.layers[l].template forward<T>(parameters, of_batch(a_[l]), of_batch(z_[l]),
                                                of_batch(a_[l + 1]), poll);
  }
}

template <class T>
CostSums LayerwisePlan<T>::cost_forward(const Samples<T>& samples, const Rows& rows) {
  const MatrixView<T> s = of_batch(a_.back()), y = of_batch(y_), weight = of_batch(weight_);
  if (samples.weight.data) {
    gather_rows(samples.weight, rows, weight);
  } else {
    std::fill_n(weight.data, batch_, T(1));
  }
  CostSums sums;
  for (std::int64_t i = 0; i < batch_; ++i) sums.weight += static_cast<double>(weight.data[i]);
  if (samples.custom_cost) {
    sums.weighted_cost = sums.weight * samples.custom_cost(rows, s, of_batch(dC_ds_));
    return sums;
  }
  if (samples.y_is_labels) {
    // A label is the distribution that has all its weight on one class.
    const MatrixView<std::int64_t> labels{labels_.data(), batch_, 1};
    gather_rows(samples.y, rows, labels);
    std::fill_n(y.data, batch_ * y.cols, T(0));
    for (std::int64_t i = 0; i < batch_; ++i) y.row(i)[labels.data[i]] = T(1);
  } else {
    gather_rows(samples.y, rows, y);
  }
  sums.weighted_cost =
      kernels::weighted_cost<T>(architecture_.loss, of_batch(z_.back()), s, y, weight.data);
  return sums;
}

// From the cost to the output layer's delta.
template <class T>
void LayerwisePlan<T>::cost_backward(const CostSums& cost) {
  const Loss& loss = architecture_.loss;
  const MatrixView<T> s = of_batch(a_.back()), dC_ds = of_batch(dC_ds_),
                      delta = of_batch(delta_.back());
  if (!loss.is_custom()) {
    for (std::int64_t i = 0; i < batch_; ++i) {
      T& share = weight_.data[i];
      share = cost.weight > 0 ? static_cast<T>(static_cast<double>(share) / cost.weight) : T(0);
    }
    kernels::cost_backward<T>(loss, s, of_batch(y_), weight_.data, loss.paired ? delta : dC_ds);
  }
  if (!loss.paired) {
    kernels::activation_backward<T>(architecture_.layers.back().activation, of_batch(z_.back()), s,
                                    dC_ds, delta);
  }
}

template <class T>
void LayerwisePlan<T>::backward(const T* parameters, T* gradient, Poll& poll) {
  for (std::size_t l = z_.size(); l-- > 0;) {
    const MatrixView<T> dC_da = l > 0 ? of_batch(delta_[l - 1]) : MatrixView<T>();
    architecture_.layers[l].template backward<T>(parameters, of_batch(a_[l]), of_batch(delta_[l]),
                                                 gradient, dC_da, poll);
    if (l > 0) {
      kernels::activation_backward<T>(architecture_.layers[l - 1].activation, of_batch(z_[l - 1]),
                                      of_batch(a_[l]), dC_da, dC_da);
    }
  }
}

template class LayerwisePlan<float>;
template class LayerwisePlan<double>;

}  // namespace chainrule
