// The pieces of a pass through a network on panels: a layer forward or backward for some rows and columns, the cost of some
// rows. Any thread may do any piece: no number depends on which does.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/plan/panels/buffers.h"

namespace chainrule {

// What is done with a batch: forward, backward or both.
template <class T>
struct PanelPass {
  PanelBuffers<T>& buffers;
  Rows rows;  // of the arrays
  Noise noise{};
  const RowSource* x = nullptr;         // null: activations are there already, so only backward
  const Samples<T>* samples = nullptr;  // whose targets costs come from; null: no costs
  bool goes_back = false;
  MatrixView<T> s{};            // where predictions go, if anywhere
  MatrixView<const T> dC_ds{};  // what the way back starts from, where there are no costs

  // ---- The pieces; `rows` are rows of the batch, layers behind the input are numbered from 0 ----

  void gather(Range rows) const;
  // a^(l+1) for hidden layers, z without bias for the output layer: of a dense layer some panels, of a stage all of them.
  void forward(std::size_t l, Range rows, Range panels, int thread) const;
  // From the output layer's z to s and, where the pass has targets, costs.
  void finish_output(Range rows) const;
  // The output layer's delta, from the costs or from dC/ds.
  void begin_backward(Range rows) const;
  // The deltas of layer l - 1 from those of layer l, l >= 1: of a dense layer for some panels of its input, of a stage for
  // all of them. Where weights are not packed, transpose_deltas() comes before those of a dense layer, for all panels of its
  // output, and `rows` are all.
  void transpose_deltas(std::size_t l, Range panels) const;
  void backward(std::size_t l, Range rows, Range panels) const;

 private:
  // From dC/da of layer l, for some panels, to its deltas.
  void finish_deltas(std::size_t l, Range rows, Range panels) const;
};

// Divided by rows: a tile of them goes through the whole network, and back, before the next, without meeting another
// thread. For weights that fit the cache.
constexpr std::int64_t kMostRowsOfTile = 64;
template <class T>
void run_by_rows(const PanelPass<T>& pass, Team& team, Poll& poll);

// Divided by columns: layer by layer, so that every weight is read once, by one thread. For large layers.
template <class T>
void run_by_columns(const PanelPass<T>& pass, Team& team, Poll& poll);

}  // namespace chainrule
