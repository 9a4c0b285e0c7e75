// What a minimizer could not see of a network's training.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/check_minimizer.h"

#include <cstddef>
#include <stdexcept>
#include <string>

namespace chainrule {
namespace {

std::string layer_text(std::size_t layer) { return "layer " + std::to_string(shown_number(layer)); }

}  // namespace

void check_minimizer(const Architecture& architecture) {
  for (std::size_t l = 0; l < architecture.layers.size(); ++l) {
    const Stage* const stage = architecture.layers[l].stage();
    if (!stage || !stage->is_random()) continue;
    throw std::invalid_argument(
        "a minimizer such as LBFGS needs a cost that is the same each time it is computed, but " +
        layer_text(l) + ", " + stage->name() +
        ", is random; use another optimizer, or l2 to regularize");
  }
  for (const ParameterBlock& block : architecture.parameters) {
    if (!block.options.trained) continue;
    if (block.options.limited()) {
      throw std::invalid_argument("a minimizer such as LBFGS goes without limits, but " +
                                  layer_text(block.layer) +
                                  " has a max_norm; use another optimizer, or l2 to regularize");
    }
    if (block.options.rate != 1) {
      throw std::invalid_argument(
          "a minimizer such as LBFGS has no learning rate that the learning_rate_factor of " +
          layer_text(block.layer) + " could change; set it to 1, or use another optimizer");
    }
  }
}

}  // namespace chainrule
