// The plans for all but the smallest networks: activations, deltas and weights in panels, which the product kernels stream
// through. How a pass is divided between the threads, by rows or by columns, is a way of two functions.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/plan/panels/buffers.h"
#include "chainrule/plan/panels/pass.h"
#include "chainrule/plan/panels/update.h"
#include "chainrule/plan/plan.h"

namespace chainrule {

// How passes are divided between the threads.
template <class T>
struct PanelWay {
  PlanKind kind;
  // For which passes it pays to pack all weights.
  bool (*packs)(const Capacity& wanted);
  // The most rows of a batch that a product has.
  std::int64_t (*rows_at_once)(const Capacity& capacity);
  void (*run)(const PanelPass<T>& pass, Team& team, Poll& poll);
};
template <class T>
PanelWay<T> by_rows();
template <class T>
PanelWay<T> by_columns();

template <class T>
class PanelPlan final : public Plan<T> {
 public:
  PanelPlan(const PanelWay<T>& way, const Architecture& architecture, const Capacity& capacity,
            const Engine<T>& engine, Poll& poll);

  // Activations of hidden layers must be elementwise.
  static bool can_serve(const Architecture& architecture) {
    return architecture.elementwise_inside;
  }

  bool serves(const Capacity& wanted) const override;
  void store(Team& team) override;
  void predict(const RowSource& x, const Rows& rows, const Noise& noise, MatrixView<T> s,
               Team& team, Poll& poll) override;
  CostSums cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) override;
  CostSums backpropagate(const Batch<T>& batch, Team& team, Poll& poll) override;
  void backpropagate_from(MatrixView<const T> dC_ds, const Batch<T>& batch, Team& team,
                          Poll& poll) override;
  void gradient(T* gradient, Team& team, Poll& poll) override;
  bool fuses_update() const override { return fuses_update_; }

 protected:
  void load_weights(T* parameters, const Capacity& wanted, Team& team, Poll& poll) override;
  bool update_weights(const OptimizerStep<T>* updates, const T* gradient, const Batch<T>& batch,
                      Team& team) override;
  WeightRows<T> weight_rows(const ParameterBlock& block) const override {
    return buffers_.layers[block.layer].weights->rows({0, block.rows});
  }

 private:
  const PanelWay<T> way_;
  const bool has_packed_;  // memory for packed weights
  const bool fuses_update_;
  bool changed_ = false;  // packed weights are newer than the parameters
  PanelBuffers<T> buffers_;
  PanelUpdate<T> update_;
};

}  // namespace chainrule
