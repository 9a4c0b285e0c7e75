// Sizes and places of a plan's working memory.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/panels/buffers.h"

#include <algorithm>

namespace chainrule {

template <class T>
PanelBuffers<T>::PanelBuffers(const Architecture& architecture_, const Capacity& capacity,
                              const KernelTable<T>& kernels_, bool packs, std::int64_t rows_at_once,
                              Poll& poll)
    : architecture(architecture_), kernels(kernels_) {
  const std::int64_t max_batch = capacity.max_rows;
  const auto reserve = [&](PanelMatrix<T>& matrix, std::int64_t cols) {
    matrix = {nullptr, max_batch | 1, cols, kernels.panel_width};
    workspace_.reserve(matrix.size(), matrix.data);
  };
  std::int64_t widest = 0;  // of the outputs whose deltas go back
  const std::size_t first_trained = architecture.first_trained();
  for (const Layer& layer : architecture.layers) layers.emplace_back(layer, kernels);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    PanelLayer<T>& layer = layers[l];
    const std::int64_t n_out = layer.layer.n_out();
    const bool goes_back = l > first_trained;
    reserve(layer.a, layer.layer.n_in());
    if (const Stage* stage = layer.layer.stage()) {
      workspace_.reserve(max_batch, stage->n_kept(), layer.kept);
    } else {
      if (packs) layer.weights->reserve(capacity.trains && goes_back, workspace_);
      const bool hidden = l + 1 < layers.size();
      const bool keeps_slope = hidden && slope_reads_z(layer.layer.dense()->activation);
      if (capacity.trains && keeps_slope) reserve(layer.slope, n_out);
    }
    if (!capacity.trains) continue;
    if (goes_back) widest = std::max(widest, n_out);
    if (l >= first_trained) reserve(layer.delta, n_out);
  }
  const std::int64_t stride = round_up(architecture.n_out(), kernels.vector_width);
  for (MatrixView<T>* matrix : {&z, &s, &y, &gradient}) {
    workspace_.reserve(max_batch, stride, *matrix);
  }
  targets.reserve(max_batch, architecture, workspace_);
  if (capacity.trains && !packs) {
    workspace_.reserve(widest, round_up(max_batch, kernels.vector_width), delta_transposed);
  }
  if (rows_at_once >= kRowsToPack) {
    workspace_.reserve(capacity.threads, kPackedNumbers<T>, scratch_);
  }
  workspace_.allocate(poll);
}

template <class T>
void PanelBuffers<T>::begin(std::int64_t batch) {
  batch_ = batch;
  // As close together as the batch allows, and not a power of two apart, which would crowd a few sets of the cache.
  for (PanelLayer<T>& layer : layers)
    layer.a.rows = layer.slope.rows = layer.delta.rows = batch | 1;
}

template <class T>
void PanelBuffers<T>::load(T* parameters_, bool packed, bool trains, Team& team, Poll& poll) {
  parameters = parameters_;
  packed_ = packed;
  for (PanelLayer<T>& each : layers) {
    if (each.weights) each.weights->load(parameters, packed, trains, team, poll);
  }
}

template <class T>
StageRows<T> PanelBuffers<T>::rows_of_stage(std::size_t l, const Noise& noise,
                                            Range samples) const {
  const PanelLayer<T>& layer = layers[l];
  const std::int64_t first = samples.begin;
  StageRows<T> rows = layer.layer.stage()->rows(parameters, noise, samples);
  rows.row_stride = layer.a.width;
  rows.panel_stride = layer.a.panel_stride();
  rows.in = layer.a.at(first, 0);
  rows.out = layers[l + 1].a.at(first, 0);
  rows.kept = layer.kept.row(first);
  if (layer.delta.data) rows.dC_dout = layer.delta.at(first, 0);
  if (l > 0 && layers[l - 1].delta.data) rows.dC_din = layers[l - 1].delta.at(first, 0);
  return rows;
}

template class PanelBuffers<float>;
template class PanelBuffers<double>;

}  // namespace chainrule
