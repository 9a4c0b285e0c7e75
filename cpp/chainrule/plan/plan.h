// A plan carries batches through a network and back. It is made once for (network, largest batch) and reused; it
// owns all working memory, so one plan serves one caller at a time.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "chainrule/gemm/engine.h"
#include "chainrule/kernels/kernel_table.h"
#include "chainrule/layers/architecture.h"
#include "chainrule/memory/aligned_block.h"
#include "chainrule/plan/capacity.h"
#include "chainrule/plan/penalty.h"
#include "chainrule/plan/samples.h"
#include "chainrule/poll.h"
#include "chainrule/threads/team.h"

namespace chainrule {

enum class PlanKind { kLayerwise, kNarrow, kRows, kColumns };

template <class T>
class Plan {
 public:
  Plan(PlanKind kind, const Architecture& architecture, const Capacity& capacity,
       const Engine<T>& engine)
      : architecture_(architecture),
        capacity_(capacity),
        engine_(engine),
        penalty_(architecture.parameters),
        updates_(architecture.parameters.rates().size()),
        kind_(kind) {}
  virtual ~Plan() = default;
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  // Whether there is room for this.
  virtual bool serves(const Capacity& wanted) const {
    return wanted.max_rows <= capacity_.max_rows && (trains() || !wanted.trains);
  }
  PlanKind kind() const { return kind_; }
  const Architecture& architecture() const { return architecture_; }
  const Engine<T>& engine() const { return engine_; }
  const Capacity& capacity() const { return capacity_; }

  // Comes before the calls below, and again whenever somebody else may have changed the parameters.
  void load(T* parameters, const Capacity& wanted, Team& team, Poll& poll) {
    penalty_.known = false;
    load_weights(parameters, wanted, team, poll);
  }
  // Comes after an update, before somebody else may read the parameters: a plan may keep those that it trains to itself in
  // between.
  virtual void store(Team& /*team*/) {}

  // s = the network's output for x[rows], with or without the noise of a step; s: (batch, n_out)
  virtual void predict(const RowSource& x, const Rows& rows, const Noise& noise, MatrixView<T> s,
                       Team& team, Poll& poll) = 0;

  // The cost, by a loss of the list.
  virtual CostSums cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) = 0;

  // ---- The parts of a step, in their order; plan/step.h makes steps of them ----

  // Forward, cost, and back down to the deltas.
  virtual CostSums backpropagate(const Batch<T>& batch, Team& team, Poll& poll) = 0;
  // The same way back for any dC/ds (batch, n_out), after predict() for these rows: in plans that keep what predict()
  // computes, which serve costs of the user's own.
  virtual void backpropagate_from(MatrixView<const T> /*dC_ds*/, const Batch<T>& /*batch*/,
                                  Team& /*team*/, Poll& /*poll*/) {
    throw std::logic_error("this plan keeps nothing to go back from");
  }

  // The penalty of the loaded parameters, which comes to the cost of any samples.
  double penalty(Team& team, Poll& poll);

  // From the deltas to the whole gradient, that of the penalty included, in a block laid out as the parameters; 0 for what is
  // frozen.
  virtual void gradient(T* gradient, Team& team, Poll& poll) = 0;
  // Whether an update makes do without the whole gradient, each part of which it computes just before it needs it.
  virtual bool fuses_update() const { return true; }

  // One update of the loaded parameters, by this gradient or, where it is null and the update fused, by that of the
  // deltas; `updates` has a step for each of the learning rates in ParameterBlocks::rates(). Each number that would not be
  // finite keeps its value and its state; then false is returned. It cannot be interrupted.
  bool update(const OptimizerStep<T>* updates, const T* gradient, const Batch<T>& batch,
              Team& team) {
    penalty_.known = false;
    updated_by_ = gradient;
    return update_weights(updates, gradient, batch, team);
  }
  // The gradient that the last step went by, after its update has returned false.
  const T* gradient_of_update(Team& team, Poll& poll) {
    if (updated_by_) return updated_by_;
    regain_gradient(gradient_memory(poll), team, poll);
    return gradient_memory(poll);
  }

  // ---- Several steps of one sample each, where the work around a step takes as long as the step ----

  struct OneByOne {
    static constexpr std::int64_t kMost = 16;
    std::array<OptimizerStep<T>, kMost> updates;
    std::array<CostSums, kMost> costs;  // of those begun, each before its update
    std::int64_t begun = 0;  // all of them, or as many as it took to one that is not finite
    bool finite = true;      // the last one begun
  };
  // Whether train_one_by_one() serves.
  virtual bool trains_one_by_one(const Samples<T>& /*samples*/) const { return false; }
  virtual void train_one_by_one(const Batch<T>& /*batch*/, OneByOne& /*steps*/, Poll& /*poll*/) {}

  // Memory for the steps that an update takes.
  OptimizerStep<T>* updates() { return updates_.data(); }
  // Memory for a gradient, as long as the plan lives.
  T* gradient_memory(Poll& poll) {
    if (gradient_.size() == 0) gradient_ = AlignedBlock<T>(architecture_.n_parameters(), poll);
    return gradient_.data();
  }
  // Memory for s and dC/ds of the largest batch, for costs of the user's own.
  MatrixView<T> outputs(Poll& poll) { return matrix_of_outputs(s_, poll); }
  MatrixView<T> output_gradients(Poll& poll) { return matrix_of_outputs(dC_ds_, poll); }

 protected:
  virtual void load_weights(T* parameters, const Capacity& wanted, Team& team, Poll& poll) = 0;
  virtual bool update_weights(const OptimizerStep<T>* updates, const T* gradient,
                              const Batch<T>& batch, Team& team) = 0;
  // The whole gradient of a fused update that was made already, from what it has left.
  virtual void regain_gradient(T* gradient, Team& team, Poll& poll) {
    this->gradient(gradient, team, poll);
  }
  // Where the weights of a block are, by the rows that their penalty is summed by: at most as many as the block has.
  virtual WeightRows<T> weight_rows(const ParameterBlock& block) const = 0;

  bool trains() const { return capacity_.trains; }

  const Architecture& architecture_;
  const Capacity capacity_;
  const Engine<T> engine_;
  Penalty<T> penalty_;
  const T* updated_by_ = nullptr;  // the last step, if its update was not fused

 private:
  MatrixView<T> matrix_of_outputs(AlignedBlock<T>& block, Poll& poll) const {
    const std::int64_t rows = capacity_.max_rows, cols = architecture_.n_out();
    if (block.size() == 0) block = AlignedBlock<T>(checked_product(rows, cols), poll);
    return {block.data(), rows, cols};
  }

  std::vector<OptimizerStep<T>> updates_;
  const PlanKind kind_;
  AlignedBlock<T> gradient_, s_, dC_ds_;
};

template <class T>
double Plan<T>::penalty(Team& team, Poll& poll) {
  if (!architecture_.parameters.penalized()) return 0;
  if (!penalty_.known) {
    for (typename Penalty<T>::Part& part : penalty_.parts()) {
      const WeightRows<T> all = weight_rows(*part.block);
      const auto do_part = [&](int index, int count) {
        // Less than a millisecond between two polls.
        const std::int64_t at_once = std::max<std::int64_t>((1 << 18) / all.cols, 1);
        const Range rows = chainrule::part_of({0, all.rows}, index, count);
        for (std::int64_t first = rows.begin; first < rows.end; first += at_once) {
          WeightRows<T> some = all;
          some.first += first * all.row_stride;
          some.rows = std::min(at_once, rows.end - first);
          part.add_up(*engine_.kernels, some, first);
          if (team.on_callers_thread()) poll();
          if (team.cancelled()) return;
        }
      };
      constexpr std::int64_t kShared = 1
                                       << 16;  // less is done before another thread has heard of it
      part.block->size() < kShared ? do_part(0, 1) : team.run(do_part, &poll);
    }
    penalty_.known = true;
  }
  return penalty_.sum();
}

}  // namespace chainrule
