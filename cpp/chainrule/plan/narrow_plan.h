// The plan for networks of few weights: vectors lie along the samples, so that no layer is too narrow for them, and
// weights are read where they lie, without packed copies. A batch is divided into chunks, each with a gradient of its
// own; these are added in a fixed tree.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
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
  NarrowPlan(const Architecture& architecture, const Passes& passes, const Engine<T>& engine,
             Poll& poll);

  // By the number of weights alone: the chunks decide the bits of a gradient, so no batch may go by another plan.
  static bool suits(const Architecture& architecture);

  bool serves(const Passes& passes) const override {
    return Plan<T>::serves(passes) && passes.threads <= static_cast<int>(desks_.size());
  }
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
  std::int64_t steps_at_once(const Samples<T>& samples, std::int64_t batch) const override {
    return batch == 1 && !samples.weight.data ? Plan<T>::Steps::kMost : 1;
  }
  void train_steps(const Samples<T>& samples, const Rows& rows, std::int64_t batch,
                   typename Plan<T>::Steps& steps, Team& team, Poll& poll) override;

 private:
  // The working memory for one block of samples; each thread has one.
  struct alignas(kBlockAlignment) Desk {
    std::vector<NarrowLayer<T>> layers;
    NarrowPass<T> pass;
    MatrixView<T> x;           // (samples, n_in), as gathered
    MatrixView<T> y_gathered;  // (samples, n_out)
    T* y = nullptr;            // (n_out, samples)
    T* costs = nullptr;
  };

  void reserve(Desk& desk);
  // Puts x and, for costs, y of some rows of the batch on a desk.
  void gather(Desk& desk, const ArrayView& x, const Samples<T>* samples, const Rows& rows,
              std::int64_t first, std::int64_t count);
  // Carries a batch forward, and back to gradients_ if asked to; each block then goes to use(desk, first row, count).
  template <class Use>
  void run(const ArrayView& x, const Samples<T>* samples, const Rows& rows, bool backward,
           Team& team, Poll& poll, Use&& use);
  void fetch_ahead(const Samples<T>& samples, std::int64_t first, std::int64_t count);
  CostSums costs(const Samples<T>& samples, const Rows& rows, bool backward, Team& team,
                 Poll& poll);
  // The gradient of a part of the parameters, from those of the chunks.
  const T* sum_chunks(std::int64_t first, std::int64_t count);

  const Architecture& architecture_;
  const KernelTable<T>& kernels_;
  const SampleKernels<T>& one_sample_;
  const std::int64_t stride_;  // from neuron to neuron: room for a block of samples
  T* parameters_ = nullptr;
  std::int64_t chunks_ = 0;
  std::atomic<std::int64_t> next_chunk_{0};
  std::atomic<bool> finite_{true};
  std::vector<Desk> desks_;
  MatrixView<T> gradients_;  // (chunks, n_parameters)
  BatchTargets<T> targets_;
  Workspace<T> workspace_;
};

}  // namespace chainrule
