// The targets of a batch, as costs need them: y row by row, weights and shares of the samples, and the costs themselves.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/data/destination.h"
#include "chainrule/kernels/kernel_table.h"
#include "chainrule/layers/architecture.h"
#include "chainrule/memory/aligned_block.h"
#include "chainrule/memory/workspace.h"
#include "chainrule/plan/samples.h"
#include "chainrule/plan/weigh_targets.h"

namespace chainrule {

template <class T>
class BatchTargets {
 public:
  // For batches of up to max_batch rows. The architecture outlives this.
  void reserve(std::int64_t max_batch, const Architecture& architecture, Workspace<T>& workspace);

  // Gathers the weights of a batch; returns their sum, with no cost yet.
  CostSums begin(const Samples<T>& samples, const Rows& rows, Poll& poll);
  // Gathers y, as the formula of the loss gets it, for rows first, first + 1, ... of the batch: `part` of the rows that begin() was told.
  void gather(const Samples<T>& samples, const Rows& part, std::int64_t first,
              const Destination<T>& y, const KernelTable<T>& kernels);
  // Adds what costs() holds, in the order of the rows.
  CostSums sum(CostSums sums) const;

  // The share of each sample in the batch: its weight, over the sum of what they count.
  const T* shares() const { return shares_.data; }
  double* costs() const { return costs_.data(); }

 private:
  void gather_labels(const Samples<T>& samples, const Rows& part, std::int64_t first,
                     const Destination<T>& y);

  const Loss* loss_ = nullptr;
  TargetWeights target_weights_;
  std::int64_t n_out_ = 0, batch_ = 0;
  bool unweighted_ = false;  // weights and shares are those of a batch without weights
  MatrixView<T> shares_;
  AlignedBlock<double> weights_, costs_;
  AlignedBlock<std::int64_t> labels_;
};

}  // namespace chainrule
