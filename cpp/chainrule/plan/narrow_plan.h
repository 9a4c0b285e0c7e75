// The plan for networks of few weights: vectors lie along the samples, so that no layer is too narrow for them, and
// weights are read in place, without packed copies. A batch is divided into chunks, each with a gradient of its
// own; these are added in a fixed tree.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "chainrule/kernels/narrow_pass.h"
#include "chainrule/memory/workspace.h"
#include "chainrule/plan/batch_targets.h"
#include "chainrule/plan/plan.h"

namespace chainrule {

// How many chunks a batch is divided into: more threads have nothing to do.
std::int64_t narrow_chunks(std::int64_t batch);

template <class T>
class NarrowPlan final : public Plan<T> {
 public:
  using typename Plan<T>::OneByOne;

  NarrowPlan(const Architecture& architecture, const Capacity& capacity, const Engine<T>& engine,
             Poll& poll);

  // No stages between dense layers, and no costs of the user's own, which come between forward and backward: nothing is
  // kept until then.
  static bool can_serve(const Architecture& architecture) {
    return architecture.all_dense && !architecture.loss.custom;
  }
  // By the network alone: the chunks decide the bits of a gradient, so no batch may go by another plan.
  static bool suits(const Architecture& architecture);

  bool serves(const Capacity& wanted) const override {
    return Plan<T>::serves(wanted) && wanted.threads <= static_cast<int>(buffers_.size());
  }
  void predict(const RowSource& x, const Rows& rows, const Noise& noise, MatrixView<T> s,
               Team& team, Poll& poll) override;
  CostSums cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) override;
  CostSums backpropagate(const Batch<T>& batch, Team& team, Poll& poll) override;
  void gradient(T* gradient, Team& team, Poll& poll) override;
  bool trains_one_by_one(const Samples<T>& samples) const override {
    return !samples.weight.data && architecture_.parameters.plain() &&
           !targets_weigh(architecture_.loss, samples);
  }
  void train_one_by_one(const Batch<T>& batch, OneByOne& steps, Poll& poll) override;

 protected:
  void load_weights(T* parameters, const Capacity& /*wanted*/, Team& /*team*/,
                    Poll& /*poll*/) override {
    parameters_ = parameters;
  }
  bool update_weights(const OptimizerStep<T>* updates, const T* gradient, const Batch<T>& batch,
                      Team& team) override;
  void regain_gradient(T* gradient, Team& team, Poll& poll) override;
  WeightRows<T> weight_rows(const ParameterBlock& block) const override {
    constexpr std::int64_t kFew = 16;  // columns, so that vectors along them would be mostly empty
    const bool as_one = block.cols < kFew;
    return {parameters_ + block.offset, block.cols, kernels_.panel_width, as_one ? 1 : block.rows,
            as_one ? block.size() : block.cols};
  }

 private:
  // The working memory for one block of samples; each thread has one.
  struct alignas(kBlockAlignment) Buffers {
    std::vector<NarrowLayer<T>> layers;
    NarrowPass<T> pass;
    MatrixView<T> x_by_sample;  // (samples, n_in)
    MatrixView<T> y_by_sample;  // (samples, n_out)
    T* y = nullptr;             // (n_out, samples)
    T* costs = nullptr;
  };
  // What is done with a batch.
  struct Work {
    const RowSource& x;
    Rows rows;
    const Samples<T>* samples = nullptr;  // whose targets costs come from; null: no costs
    bool backward = false;
    Rows next{};  // of the next batch, whose x may be fetched meanwhile
  };

  void reserve(Buffers& buffers);
  // x and, as far as the work has them, targets of some rows of the batch.
  void gather(Buffers& buffers, const Work& work, Range part);
  // Carries a batch forward, and back to gradients_ if asked to; each block then goes to use(buffers, rows).
  template <class Use>
  void run(const Work& work, Team& team, Poll& poll, Use&& use);
  CostSums costs(const Work& work, Team& team, Poll& poll);
  const T* sum_chunks(Range part);
  void keep_gradient(const NarrowPass<T>& pass, const T* x);

  using Plan<T>::architecture_;
  const KernelTable<T>& kernels_;
  const SampleKernels<T>& one_sample_;
  const std::int64_t stride_;  // from neuron to neuron: room for a block of samples
  T* parameters_ = nullptr;
  std::int64_t chunks_ = 0;
  std::vector<Buffers> buffers_;
  MatrixView<T> gradients_;  // (chunks, n_parameters)
  BatchTargets<T> targets_;
  Workspace<T> workspace_;
};

}  // namespace chainrule
