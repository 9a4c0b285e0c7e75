// Gathering of targets and weights, and the sum of a batch's costs.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/batch_targets.h"

#include <algorithm>
#include <cmath>

namespace chainrule {

template <class T>
void BatchTargets<T>::reserve(std::int64_t max_batch, const Architecture& architecture,
                              Workspace<T>& workspace) {
  loss_ = &architecture.loss;
  n_out_ = architecture.n_out();
  workspace.reserve(max_batch, 1, shares_);
  weights_ = AlignedBlock<double>(max_batch);
  costs_ = AlignedBlock<double>(max_batch);
  labels_ = AlignedBlock<std::int64_t>(max_batch);
}

template <class T>
CostSums BatchTargets<T>::begin(const Samples<T>& samples, const Rows& rows, Poll& poll) {
  CostSums sums;
  const bool by_targets = targets_weigh(*loss_, samples);
  const bool unweighted = !samples.weight.data && !by_targets;
  if (unweighted && unweighted_ && batch_ == rows.size()) {  // all as it was
    sums.weight = static_cast<double>(batch_);
    return sums;
  }
  unweighted_ = false;  // until all is done
  batch_ = rows.size();
  const MatrixView<double> weights(weights_.data(), batch_, 1);
  weights.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    double* const of_block = weights.row(first);
    if (!samples.weight.data) {
      std::fill_n(of_block, count, 1.0);
    } else {
      gather_rows(samples.weight, rows.part({first, first + count}),
                  weights.row_range(first, count));
    }
    if (by_targets) {
      sums.weight +=
          target_weights_.weigh(*loss_, samples, rows.part({first, first + count}), of_block);
      return;
    }
    for (std::int64_t i = 0; i < count; ++i) sums.weight += of_block[i];
  });
  weights.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) {
      const double weight = weights.data[i];
      shares_.data[i] = sums.weight > 0 ? static_cast<T>(weight / sums.weight) : T(0);
    }
  });
  unweighted_ = unweighted;
  return sums;
}

template <class T>
void BatchTargets<T>::gather(const Samples<T>& samples, const Rows& part, std::int64_t first,
                             const Destination<T>& y, const KernelTable<T>& kernels) {
  if (samples.y_is_labels) {
    gather_labels(samples, part, first, y);
  } else {
    DenseRows(samples.y).gather(part, y, kernels);
  }
  const std::int64_t side_by_side = loss_->outputs_of_target;
  for (std::int64_t j = n_out_; side_by_side > 1 && --j > 0;) {
    for (std::int64_t i = 0; i < part.size(); ++i) y.at(i, j) = y.at(i, j / side_by_side);
  }
  if (loss_->target_scale.empty()) return;
  y.for_each(part.size(), n_out_,
             [scale = loss_->target_scale.data(), shift = loss_->target_shift.data()](
                 std::int64_t j, T& target) {
               target = target * static_cast<T>(scale[j]) + static_cast<T>(shift[j]);
             });
}

template <class T>
void BatchTargets<T>::gather_labels(const Samples<T>& samples, const Rows& part, std::int64_t first,
                                    const Destination<T>& y) {
  // A label is the distribution that has all its weight on one class.
  const MatrixView<std::int64_t> labels{labels_.data() + first, part.size(), 1};
  gather_rows(samples.y, part, labels);
  y.fill(part.size(), n_out_, T(0));
  for (std::int64_t i = 0; i < part.size(); ++i) {
    // They were checked, but another thread may write to the user's array.
    const std::int64_t label = labels.data[i];
    if (label < 0 || label >= n_out_) throw_changed("y");
    y.at(i, label) = T(1);
  }
}

template <class T>
CostSums BatchTargets<T>::sum(CostSums sums) const {
  for (std::int64_t i = 0; i < batch_; ++i) {
    const double weight = weights_.data()[i];
    if (weight != 0) sums.weighted_cost += weight * costs_.data()[i];
  }
  return sums;
}

template class BatchTargets<float>;
template class BatchTargets<double>;

}  // namespace chainrule
