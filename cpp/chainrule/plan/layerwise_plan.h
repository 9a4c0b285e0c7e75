// The plan that follows the equations: the whole batch through one layer after the other, and back. Everything on
// the way is kept, so that it can be shown.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "chainrule/memory/workspace.h"
#include "chainrule/plan/batch_targets.h"
#include "chainrule/plan/plan.h"

namespace chainrule {

template <class T>
class LayerwisePlan final : public Plan<T> {
 public:
  LayerwisePlan(const Architecture& architecture, const Capacity& capacity, const Engine<T>& engine,
                Poll& poll);

  void predict(const RowSource& x, const Rows& rows, const Noise& noise, MatrixView<T> s,
               Team& team, Poll& poll) override;
  CostSums cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) override;
  CostSums backpropagate(const Batch<T>& batch, Team& team, Poll& poll) override;
  void backpropagate_from(MatrixView<const T> dC_ds, const Batch<T>& batch, Team& team,
                          Poll& poll) override;
  void gradient(T* gradient, Team& team, Poll& poll) override;
  bool fuses_update() const override { return false; }

  // What the last batch left, in the article's numbering: a from layer 1 on, z (of dense layers) and delta from layer 2 on.
  MatrixView<const T> a(std::size_t l) const { return of_batch(a_[l - 1]); }
  MatrixView<const T> z(std::size_t l) const { return of_batch(z_[l - 2]); }
  MatrixView<const T> delta(std::size_t l) const { return of_batch(delta_[l - 2]); }
  // dC/ds of the last batch by a loss of the list, also where delta comes without it.
  void dC_ds(MatrixView<T> to, Poll& poll);

 protected:
  void load_weights(T* parameters, const Capacity& /*wanted*/, Team& /*team*/,
                    Poll& /*poll*/) override {
    parameters_ = parameters;
  }
  bool update_weights(const OptimizerStep<T>* updates, const T* gradient, const Batch<T>& batch,
                      Team& team) override;
  WeightRows<T> weight_rows(const ParameterBlock& block) const override {
    return {parameters_ + block.offset, block.cols, engine_.kernels->panel_width, block.rows,
            block.cols};
  }

 private:
  void forward(const RowSource& x, const Rows& rows, const Noise& noise, Poll& poll);
  CostSums costs(const Batch<T>& batch, Poll& poll);
  // Of a stage between dense layers: some samples, with the matrices that its kernels read and write.
  StageRows<T> rows_of_stage(std::size_t l, Range samples) const;
  template <class Work>
  void for_rows_of_stage(std::size_t l, Poll& poll, Work&& work) const;
  void cost_gradient(const Loss& loss, MatrixView<T> gradient, Poll& poll);
  void activation_backward(std::size_t l, MatrixView<const T> dC_da, Poll& poll);
  void backward(Poll& poll);

  MatrixView<T> of_batch(const MatrixView<T>& whole) const { return whole.row_range(0, batch_); }

  using Plan<T>::architecture_;
  using Plan<T>::capacity_;
  using Plan<T>::engine_;
  T* parameters_ = nullptr;
  std::int64_t batch_ = 0;

  Workspace<T> workspace_;
  // By layer; z of dense ones; delta = dC/dz, or dC/da of the others.
  std::vector<MatrixView<T>> a_, z_, delta_;
  std::vector<MatrixView<T>> slope_;  // f'(z), where slope_reads_z()
  std::vector<MatrixView<T>> kept_;   // by stages, for the way back
  Noise noise_;                       // of the last batch
  BatchTargets<T> targets_;
  MatrixView<T> y_;
};

}  // namespace chainrule
