// The penalty of a network's weights, the part of its cost that no sample has: l1 sum |w| + l2 sum w^2 over W of each layer that
// is trained with one. It is summed row by row of W, so that neither threads nor tiles nor the CPU target decide its bits.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/layers/parameter_blocks.h"
#include "chainrule/memory/range.h"

namespace chainrule {

template <class T>
class Penalty {
 public:
  // One block with a penalty, and how many rows it is summed by.
  struct Part {
    const ParameterBlock* block;
    std::vector<double> sums;  // of its rows

    // `w`: some rows of the block, from `first` on.
    void add_up(const KernelTable<T>& kernels, const WeightRows<T>& w, std::int64_t first) {
      kernels.penalties(w, block->options.l1, block->options.l2, sums.data() + first);
    }
  };

  explicit Penalty(const ParameterBlocks& blocks) {
    for (const ParameterBlock& block : blocks) {
      if (!block.options.penalized()) continue;
      parts_.push_back({&block, std::vector<double>(static_cast<std::size_t>(block.rows))});
    }
  }

  std::vector<Part>& parts() { return parts_; }
  Part* part_of(const ParameterBlock& block) {
    for (Part& part : parts_) {
      if (part.block == &block) return &part;
    }
    return nullptr;
  }

  double sum() const {
    double sum = 0;
    for (const Part& part : parts_) {
      for (const double of_row : part.sums) sum += of_row;
    }
    return sum;
  }

  // Whether the sums are those of the weights as they are now.
  bool known = false;

 private:
  std::vector<Part> parts_;
};

// The gradient of the penalty, added to that of the other costs for a part of the parameters; both are flat blocks.
template <class T>
void add_penalty_slopes(const KernelTable<T>& kernels, const ParameterBlocks& blocks, Range part,
                        const T* parameters, T* gradient) {
  if (!blocks.penalized()) return;
  for (const ParameterBlock& block : blocks) {
    if (!block.options.penalized()) continue;
    const std::int64_t first = std::max(part.begin, block.offset);
    const std::int64_t end = std::min(part.end, block.offset + block.size());
    if (first >= end) continue;
    kernels.add_penalty_slopes(static_cast<T>(block.options.l1), static_cast<T>(block.options.l2),
                               parameters + first, 0, 1, end - first, gradient + first, 0);
  }
}

}  // namespace chainrule
