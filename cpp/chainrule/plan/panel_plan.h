// What the plans on panels have in common: activations and deltas in panels, and the pieces of a step (a layer forward or
// backward for some rows and columns, the cost of some rows, the update of some weights). Any thread may do any piece: no
// number depends on which does.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <vector>

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/memory/panel_matrix.h"
#include "chainrule/memory/workspace.h"
#include "chainrule/plan/batch_targets.h"
#include "chainrule/plan/panel_weights.h"
#include "chainrule/plan/plan.h"
#include "chainrule/threads/team.h"

namespace chainrule {

template <class T>
class PanelPlan : public Plan<T> {
 public:
  // `wants_packed` says for which passes it pays to pack the weights; pieces have at most so many rows of a batch.
  PanelPlan(const Architecture& architecture, const Passes& passes, const Engine<T>& engine,
            bool (*wants_packed)(const Passes&), std::int64_t most_rows_at_once, Poll& poll);

  // Hidden layers must be elementwise, and the loss a member of the list.
  static bool suits(const Architecture& architecture);

  bool serves(const Passes& passes) const override;
  void load(T* parameters, const Passes& passes, Team& team, Poll& poll) override;
  void store(Team& team) override;
  void predict(const ArrayView& x, const Rows& rows, MatrixView<T> s, Team& team,
               Poll& poll) override;
  CostSums cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) override;
  CostSums value_and_gradient(const Samples<T>& samples, const Rows& rows, T* gradient, Team& team,
                              Poll& poll) override;
  typename Plan<T>::Step train_step(const Samples<T>& samples, const Rows& rows,
                                    const Update<T>& update, Team& team, Poll& poll) override;

 protected:
  // What a pass through the network does with a batch.
  struct Pass {
    const ArrayView* x = nullptr;
    const Samples<T>* samples = nullptr;  // null: predict only
    Rows rows;
    bool backward = false;
    MatrixView<T> s;  // where predictions go
  };

  // Carries a batch forward and, if the pass says so, back down to the deltas.
  virtual void run(const Pass& pass, Team& team, Poll& poll) = 0;

  // ---- The pieces; `rows` are rows of the batch, dense layers are numbered from 0 ----
  void gather(const Pass& pass, Span rows);
  // a^(l+1) for hidden layers, z without bias for the output layer
  void forward(std::size_t l, Span rows, Span panels, int thread);
  // From the output layer's z: s, then costs and delta as far as the pass needs them.
  void finish_output(const Pass& pass, Span rows);
  // The deltas of layer l - 1 from those of layer l, for some panels of the input of layer l; l >= 1. Where weights are
  // not packed, turn_deltas() comes first for all panels of the output, and `rows` are all.
  bool packed() const { return packed_; }
  void turn_deltas(std::size_t l, Span panels);
  void backward(std::size_t l, Span rows, Span panels);
  // How many panels a piece of forward() should have: where weights are read as they lie, long parts of their rows, but
  // no more work than Ctrl-C may wait for.
  std::int64_t panels_at_a_time(std::size_t l) const;

  std::size_t n_layers() const { return layers_.size(); }
  Span panels_out(std::size_t l) const;
  Span panels_in(std::size_t l) const;

  const Architecture& architecture_;
  const KernelTable<T>& kernels_;
  std::int64_t batch_ = 0;
  std::atomic<std::int64_t> next_rows_{0};  // of the batch, that no thread has taken yet

 private:
  struct Layer {
    Layer(const Dense& dense, const KernelTable<T>& kernels) : weights(dense, kernels) {}

    PanelWeights<T> weights;
    PanelMatrix<T> a;      // (batch, n_in), the layer's input
    PanelMatrix<T> delta;  // (batch, n_out)
  };
  // Some rows of a layer's W, within one panel of its input; with the first come the biases.
  struct Piece {
    std::size_t layer;
    Span rows;
  };

  void begin(const Rows& rows);
  template <class Use>
  void blocks_of_piece(const Piece& piece, Use&& use);
  template <class Use>
  void gradients_of_piece(const Piece& piece, const Update<T>* update, Use&& use);
  // From deltas to the gradient, or to new weights.
  void compute_gradient(T* gradient, Team& team, Poll& poll);
  void update_weights(const Update<T>& update, const Samples<T>& samples, Team& team);

  bool (*const wants_packed_)(const Passes&);
  const bool packs_;  // has memory for packed weights
  bool packed_ = false;
  bool changed_ = false;  // packed weights are newer than the parameters
  std::atomic<std::size_t> next_piece_{0};
  std::atomic<std::int64_t> next_expected_{0};  // row of the next batch, to be fetched ahead
  std::atomic<bool> finite_{true};
  T* parameters_ = nullptr;
  std::vector<Layer> layers_;
  std::vector<Piece> pieces_;
  std::int64_t row_stride_;  // of the output layer's matrices
  MatrixView<T> z_, s_, y_, slopes_;
  T* gradient_ = nullptr;  // where an update is made in two parts
  MatrixView<T> turned_;   // (n_out, batch), deltas of one layer
  MatrixView<T> scratch_;  // (threads, kPackedNumbers), where weights are packed on the way
  BatchTargets<T> targets_;
  Workspace<T> workspace_;
};

}  // namespace chainrule
