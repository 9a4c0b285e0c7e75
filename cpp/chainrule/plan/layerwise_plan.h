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
  LayerwisePlan(const Architecture& architecture, const Passes& passes, const Engine<T>& engine,
                Poll& poll);

  void load(T* parameters, const Passes& /*passes*/, Team& /*team*/, Poll& /*poll*/) override {
    parameters_ = parameters;
  }
  void predict(const ArrayView& x, const Rows& rows, MatrixView<T> s, Team& team,
               Poll& poll) override;
  CostSums cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) override;
  CostSums value_and_gradient(const Samples<T>& samples, const Rows& rows, T* gradient, Team& team,
                              Poll& poll) override;
  typename Plan<T>::Step train_step(const Samples<T>& samples, const Rows& rows,
                                    const Update<T>& update, Team& team, Poll& poll) override;

  // What the last batch left, in the article's numbering: a from layer 1 on, z and delta from layer 2 on.
  MatrixView<const T> a(std::size_t l) const { return of_batch(a_[l - 1]); }
  MatrixView<const T> z(std::size_t l) const { return of_batch(z_[l - 2]); }
  MatrixView<const T> delta(std::size_t l) const { return of_batch(delta_[l - 2]); }
  // Where delta comes without dC/ds, this is computed now.
  MatrixView<const T> dC_ds(Poll& poll);

 private:
  void forward(const ArrayView& x, const Rows& rows, Poll& poll);
  CostSums cost_forward(const Samples<T>& samples, const Rows& rows, Poll& poll);
  void cost_backward(Poll& poll);
  void cost_gradient(const Loss& loss, MatrixView<T> gradient, Poll& poll);
  void backward(T* gradient, Poll& poll);

  MatrixView<T> of_batch(const MatrixView<T>& whole) const { return whole.row_range(0, batch_); }

  using Plan<T>::engine_;
  const Architecture& architecture_;
  T* parameters_ = nullptr;
  std::int64_t batch_ = 0;

  Workspace<T> workspace_;
  std::vector<MatrixView<T>> a_, z_, delta_;
  BatchTargets<T> targets_;
  MatrixView<T> y_, dC_ds_, gradient_;
};

}  // namespace chainrule
