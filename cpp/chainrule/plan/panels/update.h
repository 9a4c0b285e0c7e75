// From the deltas of a batch to the weights: pieces of the parameters, each with its gradient, one chain of sums over the
// whole batch for every weight, and the optimizer's step while they are in the cache.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "chainrule/plan/panels/buffers.h"
#include "chainrule/plan/penalty.h"

namespace chainrule {

template <class T>
class PanelUpdate {
 public:
  PanelUpdate(PanelBuffers<T>& buffers, bool packs);

  // The gradient of the whole batch, in a block laid out as the parameters.
  void gradient(T* gradient, Team& team, Poll& poll);

  // The update, by this gradient or, if it is null, by that of the deltas; Plan::update() says more. The penalty of the new
  // weights is summed while they are in the cache.
  bool update(const OptimizerStep<T>* updates, const T* gradient, const Batch<T>& batch, Team& team,
              Penalty<T>& penalty);

 private:
  // Some rows of a parameter block: of W, within one panel of the layer's input. With the first piece of a layer go its other
  // blocks, a row each: panel by panel, they come from the deltas that are in the cache then.
  struct Piece {
    const ParameterBlock* block;
    Range rows;
    std::ptrdiff_t others = 0;  // blocks behind this one
  };

  UpdateBlock<T> part_of(const ParameterBlock& block, Range rows, std::int64_t panel) const;
  template <class Use>
  void in_blocks(const Piece& piece, Use&& use) const;
  template <class Use>
  void with_gradients(const Piece& piece, const OptimizerStep<T>* update, Use&& use) const;

  PanelBuffers<T>& buffers_;
  std::vector<Piece> pieces_;
};

}  // namespace chainrule
