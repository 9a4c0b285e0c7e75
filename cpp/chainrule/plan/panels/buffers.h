// The working memory of a plan on panels: activations and deltas of a batch in panels, the weights as products read them,
// and the output layer row by row.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <vector>

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/layers/architecture.h"
#include "chainrule/memory/panel_matrix.h"
#include "chainrule/memory/workspace.h"
#include "chainrule/plan/batch_targets.h"
#include "chainrule/plan/capacity.h"
#include "chainrule/plan/panels/weights.h"

namespace chainrule {

template <class T>
struct PanelLayer {
  PanelLayer(const Layer& layer_, const KernelTable<T>& kernels) : layer(layer_) {
    if (layer.dense()) weights.emplace(*layer.dense(), kernels);
  }

  const Layer& layer;
  std::optional<PanelWeights<T>> weights;  // of a dense layer
  PanelMatrix<T> a;                        // (batch, n_in), the layer's input
  PanelMatrix<T> slope;  // (batch, n_out): f'(z), of a hidden dense layer where slope_reads_z()
  PanelMatrix<T> delta;  // (batch, n_out): dC/dz, or dC/da of a stage between dense layers
  MatrixView<T> kept;    // (batch, n_kept) of such a stage
};

template <class T>
class PanelBuffers {
 public:
  // `packs`: there are packed copies of the weights; products are of at most `rows_at_once` rows of a batch.
  PanelBuffers(const Architecture& architecture, const Capacity& capacity,
               const KernelTable<T>& kernels, bool packs, std::int64_t rows_at_once, Poll& poll);

  // From now on a batch of this size is in work.
  void begin(std::int64_t batch);
  // From now on the weights are these, read from packed copies or in place.
  void load(T* parameters, bool packed, bool trains, Team& team, Poll& poll);

  Range batch() const { return {0, batch_}; }
  bool packed() const { return packed_; }
  Range panels_in(std::size_t l) const { return {0, layers[l].a.panels()}; }
  Range panels_out(std::size_t l) const {
    return {0, (layers[l].layer.n_out() + kernels.panel_width - 1) / kernels.panel_width};
  }
  // Rows of one of the output layer's matrices, n_out elements each.
  MatrixView<T> output_rows(const MatrixView<T>& matrix, Range rows) const {
    return {matrix.row(rows.begin), rows.size(), architecture.n_out(), matrix.stride};
  }
  // Of the stage that layer l is: some samples, with the matrices that its kernels read and write.
  StageRows<T> rows_of_stage(std::size_t l, const Noise& noise, Range samples) const;
  // Working memory of a thread for weights that are packed on the way; null where none are.
  T* scratch(int thread) const { return scratch_.data ? scratch_.row(thread) : nullptr; }
  std::int64_t threads_with_scratch() const { return scratch_.rows; }

  const Architecture& architecture;
  const KernelTable<T>& kernels;
  T* parameters = nullptr;
  std::vector<PanelLayer<T>> layers;
  // Of the output layer, with room for whole vectors in each row; z becomes f'(z) where slope_reads_z(), gradient is dC/ds,
  // then delta.
  MatrixView<T> z, s, y, gradient;
  MatrixView<T> delta_transposed;  // (n_out, batch), of one layer, where weights are not packed
  BatchTargets<T> targets;

 private:
  std::int64_t batch_ = 0;
  bool packed_ = false;
  MatrixView<T> scratch_;  // (threads, kPackedNumbers)
  Workspace<T> workspace_;
};

}  // namespace chainrule
