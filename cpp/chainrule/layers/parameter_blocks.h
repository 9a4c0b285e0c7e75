// What the layers of a network train, as a list of blocks that lie one after the other in the flat array of parameters. A
// gradient and each state of an optimizer are laid out alike. Who draws, splits, sums or updates parameters goes through
// this list: where a bias lies is known nowhere else.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "chainrule/layers/training_options.h"
#include "chainrule/memory/aligned_block.h"
#include "chainrule/memory/matrix_view.h"
#include "chainrule/memory/range.h"

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
  int initializer = 0;                   // in Initializers, of W and b, or kNothingDrawn
  std::int64_t fan_in = 0, fan_out = 0;  // of the layer, which initializers go by
  std::uint32_t stream = 0;              // of the random numbers that they draw
  TrainingOptions options{};             // as far as they concern this block
  int rate = 0;                          // in ParameterBlocks::rates()

  static constexpr int kNothingDrawn = -1;

  std::int64_t size() const { return rows * cols; }
  template <class T>
  MatrixView<T> of(T* flat) const {
    return {flat + offset, rows, cols};
  }

  // What is frozen has neither penalty nor limit, and what is no W has none either.
  void take(const TrainingOptions& of_layer) {
    options = of_layer;
    if (options.trained && role == Role::kWeights) return;
    options.l1 = options.l2 = 0;
    options.max_norm = TrainingOptions::kNoLimit;
  }
};

class ParameterBlocks {
 public:
  // Puts a block behind those that are there; returns where it begins.
  std::int64_t add(ParameterBlock block) {
    block.offset = size_;
    size_ = checked_sum(size_, checked_product(block.rows, block.cols));
    blocks_.push_back(block);
    include(blocks_.back());
    return block.offset;
  }
  void set_options(std::size_t layer, const TrainingOptions& options) {
    rates_.clear();
    runs_.clear();
    penalized_ = limited_ = false;
    for (ParameterBlock& block : blocks_) {
      if (block.layer == layer) block.take(options);
      include(block);
    }
  }

  std::int64_t size() const { return size_; }  // elements of all blocks
  auto begin() const { return blocks_.begin(); }
  auto end() const { return blocks_.end(); }

  // Contiguous parameters that are updated alike: all that are trained are in one, with their index in rates().
  struct Run {
    Range part;
    int rate;
  };
  const std::vector<Run>& runs() const { return runs_; }
  // The different factors of the learning rate.
  const std::vector<double>& rates() const { return rates_; }
  bool any_trained() const { return !runs_.empty(); }
  bool all_trained() const {
    std::int64_t trained = 0;
    for (const Run& each : runs_) trained += each.part.size();
    return trained == size_;
  }
  bool penalized() const { return penalized_; }
  bool limited() const { return limited_; }
  // Nothing but the optimizer's step is to be made, for all parameters.
  bool plain() const {
    return !penalized_ && !limited_ && runs_.size() == 1 && runs_[0].part.size() == size_ &&
           rates_[0] == 1;
  }
  // The way back ends with this layer: below it nothing is trained. The last one where nothing is at all.
  std::size_t first_trained_layer() const { return first_trained_layer_; }

  template <class T>
  void zero_frozen(T* gradient) const {
    for (const ParameterBlock& block : blocks_) {
      if (!block.options.trained) std::fill_n(gradient + block.offset, block.size(), T(0));
    }
  }

 private:
  void include(ParameterBlock& block) {
    if (!any_trained()) first_trained_layer_ = block.layer;
    if (!block.options.trained) return;
    const auto found = std::find(rates_.begin(), rates_.end(), block.options.rate);
    block.rate = static_cast<int>(found - rates_.begin());
    if (found == rates_.end()) rates_.push_back(block.options.rate);
    penalized_ = penalized_ || block.options.penalized();
    limited_ = limited_ || block.options.limited();
    const Range part{block.offset, block.offset + block.size()};
    if (any_trained() && runs_.back().part.end == part.begin && runs_.back().rate == block.rate) {
      runs_.back().part.end = part.end;
    } else {
      runs_.push_back({part, block.rate});
    }
  }

  std::vector<ParameterBlock> blocks_;
  std::int64_t size_ = 0;
  std::vector<Run> runs_;
  std::vector<double> rates_;
  bool penalized_ = false, limited_ = false;
  std::size_t first_trained_layer_ = 0;
};

}  // namespace chainrule
