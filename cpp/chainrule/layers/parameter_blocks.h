// What the layers of a network train, as a list of blocks that lie one after the other in the flat array of parameters. A
// gradient and each state of an optimizer are laid out alike. Who draws, splits, sums or updates parameters goes through
// this list: where a bias lies is known nowhere else.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chainrule/memory/aligned_block.h"
#include "chainrule/memory/matrix_view.h"

namespace chainrule {

// W and b of a dense layer, or one of the vectors that another stage trains.
enum class Role { kWeights, kBias, kVector };

struct ParameterBlock {
  Role role = Role::kWeights;
  std::size_t layer = 0;                 // in Architecture::layers
  std::int64_t offset = 0;               // of its first number in the flat array
  std::int64_t rows = 0, cols = 0;       // contiguous, row by row
  int index = 0;                         // of a vector, among those of its stage
  double first_value = 0;                // of a vector: nothing is drawn
  int initializer = 0;                   // in Initializers, of W and b
  std::int64_t fan_in = 0, fan_out = 0;  // of the layer, which initializers go by
  std::uint32_t stream = 0;              // of the random numbers that they draw

  std::int64_t size() const { return rows * cols; }
  template <class T>
  MatrixView<T> of(T* flat) const {
    return {flat + offset, rows, cols};
  }
};

class ParameterBlocks {
 public:
  // Puts a block behind those that are there; returns where it begins.
  std::int64_t add(ParameterBlock block) {
    block.offset = size_;
    size_ = checked_sum(size_, checked_product(block.rows, block.cols));
    blocks_.push_back(block);
    return block.offset;
  }

  std::int64_t size() const { return size_; }  // elements of all blocks
  auto begin() const { return blocks_.begin(); }
  auto end() const { return blocks_.end(); }

 private:
  std::vector<ParameterBlock> blocks_;
  std::int64_t size_ = 0;
};

}  // namespace chainrule
