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
  for (const Dense& dense : architecture.layers) layers.emplace_back(dense, kernels);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    PanelLayer<T>& layer = layers[l];
    reserve(layer.a, layer.dense.n_in);
    if (packs) layer.weights.reserve(capacity.trains && l > 0, workspace_);
    if (!capacity.trains) continue;
    const bool hidden = l + 1 < layers.size();
    if (hidden && slope_reads_z(layer.dense.activation)) reserve(layer.z, layer.dense.n_out);
    if (l > 0) widest = std::max(widest, layer.dense.n_out);
    reserve(layer.delta, layer.dense.n_out);
  }
  const std::int64_t stride = round_up(architecture.n_out(), kernels.vector_width);
  for (MatrixView<T>* matrix : {&z, &s, &y, &gradient}) {
    workspace_.reserve(max_batch, stride, *matrix);
  }
  targets.reserve(max_batch, architecture.n_out(), workspace_);
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
  for (PanelLayer<T>& layer : layers) layer.a.rows = layer.z.rows = layer.delta.rows = batch | 1;
}

template <class T>
void PanelBuffers<T>::load(T* parameters_, bool packed, bool trains, Team& team, Poll& poll) {
  parameters = parameters_;
  packed_ = packed;
  for (PanelLayer<T>& each : layers) each.weights.load(parameters, packed, trains, team, poll);
}

template class PanelBuffers<float>;
template class PanelBuffers<double>;

}  // namespace chainrule
