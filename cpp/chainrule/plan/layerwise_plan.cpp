// Forward, cost, backward: the article's equations as calls, for a whole batch at a time.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/layerwise_plan.h"

#include <algorithm>

#include "chainrule/plan/max_norm.h"

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
  slope_.resize(layers.size());
  kept_.resize(layers.size());
  workspace_.reserve(max_batch, architecture.n_in, a_[0]);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::int64_t n_out = layers[l].n_out();
    if (const Stage* stage = layers[l].stage()) {
      workspace_.reserve(max_batch, stage->n_kept(), kept_[l]);
    } else {
      workspace_.reserve(max_batch, n_out, z_[l]);
      const bool keeps_slope = this->trains() && slope_reads_z(layers[l].dense()->activation);
      if (keeps_slope) workspace_.reserve(max_batch, n_out, slope_[l]);
    }
    workspace_.reserve(max_batch, n_out, a_[l + 1]);
    if (this->trains()) workspace_.reserve(max_batch, n_out, delta_[l]);
  }
  targets_.reserve(max_batch, architecture, workspace_);
  workspace_.reserve(max_batch, architecture.n_out(), y_);
  workspace_.allocate(poll);
}

template <class T>
void LayerwisePlan<T>::predict(const RowSource& x, const Rows& rows, const Noise& noise,
                               MatrixView<T> s, Team& /*team*/, Poll& poll) {
  forward(x, rows, noise, poll);
  const MatrixView<T> output = of_batch(a_.back());
  for (std::int64_t i = 0; i < batch_; ++i) std::copy_n(output.row(i), s.cols, s.row(i));
}

template <class T>
void LayerwisePlan<T>::forward(const RowSource& x, const Rows& rows, const Noise& noise,
                               Poll& poll) {
  batch_ = rows.size();
  noise_ = noise;
  of_batch(a_[0]).in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    x.gather(rows.part({first, first + count}), Destination<T>::rows(a_[0].row_range(first, count)),
             *engine_.kernels);
  });
  for (std::size_t l = 0; l < z_.size(); ++l) {
    if (const Dense* dense = architecture_.layers[l].dense()) {
      dense->forward<T>(engine_, parameters_, of_batch(a_[l]), of_batch(z_[l]), of_batch(a_[l + 1]),
                        of_batch(slope_[l]), poll);
    } else {
      for_rows_of_stage(l, poll,
                        [&](const StageRows<T>& rows) { engine_.kernels->stage_forward(rows); });
    }
  }
}

template <class T>
StageRows<T> LayerwisePlan<T>::rows_of_stage(std::size_t l, Range samples) const {
  StageRows<T> rows = architecture_.layers[l].stage()->rows(parameters_, noise_, samples);
  const std::int64_t first = samples.begin;
  rows.row_stride = rows.cols;
  rows.panel_stride = engine_.kernels->panel_width;
  rows.in = a_[l].row(first);
  rows.out = a_[l + 1].row(first);
  rows.kept = kept_[l].row(first);
  if (this->trains()) rows.dC_dout = delta_[l].row(first);
  if (this->trains() && l > 0) rows.dC_din = delta_[l - 1].row(first);
  return rows;
}

template <class T>
template <class Work>
void LayerwisePlan<T>::for_rows_of_stage(std::size_t l, Poll& poll, Work&& work) const {
  of_batch(a_[l]).in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    work(rows_of_stage(l, {first, first + count}));
  });
}

template <class T>
CostSums LayerwisePlan<T>::cost(const Samples<T>& samples, const Rows& rows, Team& /*team*/,
                                Poll& poll) {
  return costs({samples, rows}, poll);
}

template <class T>
CostSums LayerwisePlan<T>::costs(const Batch<T>& batch, Poll& poll) {
  const Samples<T>& samples = batch.samples;
  const Rows& rows = batch.rows;
  forward(samples.x, rows, batch.noise, poll);
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
CostSums LayerwisePlan<T>::backpropagate(const Batch<T>& batch, Team& /*team*/, Poll& poll) {
  const CostSums sums = costs(batch, poll);
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
  const MatrixView<T> z = of_batch(z_.back()), s = of_batch(a_.back());
  s.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    engine_.kernels->cost_backward(loss, z.row(first), s.row(first), y_.row(first),
                                   targets_.shares() + first, count, s.cols, s.stride,
                                   gradient.row(first));
  });
}

template <class T>
void LayerwisePlan<T>::dC_ds(MatrixView<T> to, Poll& poll) {
  Loss loss = architecture_.loss;
  loss.paired = loss.paired && loss.logits;  // then z is s
  cost_gradient(loss, to, poll);
}

// The delta of layer l from dC/da, its output's, which may be that delta itself.
template <class T>
void LayerwisePlan<T>::activation_backward(std::size_t l, MatrixView<const T> dC_da, Poll& poll) {
  const Dense* const dense = architecture_.layers[l].dense();
  if (!dense) return;
  const MatrixView<T> delta = of_batch(delta_[l]);
  const MatrixView<T>& a_or_slope = slope_[l].data ? slope_[l] : a_[l + 1];
  delta.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    engine_.kernels->activation_backward(dense->activation, a_or_slope.row(first), dC_da.row(first),
                                         delta.row(first), count, delta.cols, delta.stride);
  });
}

template <class T>
void LayerwisePlan<T>::backward(Poll& poll) {
  const std::size_t last = capacity_.shows ? 0 : architecture_.first_trained();
  for (std::size_t l = z_.size() - 1; l > last; --l) {
    const MatrixView<T> dC_da = of_batch(delta_[l - 1]);
    if (const Dense* dense = architecture_.layers[l].dense()) {
      dense->backward<T>(engine_, parameters_, of_batch(delta_[l]), dC_da, poll);
    } else {
      for_rows_of_stage(l, poll,
                        [&](const StageRows<T>& rows) { engine_.kernels->stage_backward(rows); });
    }
    activation_backward(l - 1, dC_da, poll);
  }
}

template <class T>
void LayerwisePlan<T>::gradient(T* gradient, Team& /*team*/, Poll& poll) {
  const ParameterBlocks& blocks = architecture_.parameters;
  for (const ParameterBlock& block : blocks) {
    const std::size_t l = block.layer;
    if (!block.options.trained && !capacity_.shows) continue;
    if (block.role == Role::kWeights) {  // and b with it
      architecture_.layers[l].dense()->template gradient<T>(engine_, of_batch(a_[l]),
                                                            of_batch(delta_[l]), gradient, poll);
    } else if (block.role == Role::kVector) {
      engine_.kernels->stage_gradient(rows_of_stage(l, {0, batch_}), block.index,
                                      gradient + block.offset);
    }
  }
  if (!capacity_.shows) blocks.zero_frozen(gradient);
  add_penalty_slopes(*engine_.kernels, blocks, {0, blocks.size()}, parameters_, gradient);
}

template <class T>
bool LayerwisePlan<T>::update_weights(const OptimizerStep<T>* updates, const T* gradient,
                                      const Batch<T>& /*batch*/, Team& /*team*/) {
  bool finite = true;
  for (const ParameterBlocks::Run& run : architecture_.parameters.runs()) {
    UpdateBlock<T> block;
    block.weights = parameters_ + run.part.begin;
    block.offset = run.part.begin;
    block.gradient = gradient + run.part.begin;
    block.rows = 1;
    block.cols = run.part.size();
    finite = engine_.kernels->update(updates[run.rate], block) && finite;
  }
  limit_norms(*engine_.kernels, architecture_.parameters, parameters_);
  return finite;
}

template class LayerwisePlan<float>;
template class LayerwisePlan<double>;

}  // namespace chainrule
