// The loss of a network: from its spec, for the layer whose outputs it compares.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "chainrule/layers/dense.h"
#include "chainrule/losses/loss.h"
#include "chainrule/spec.h"

namespace chainrule {

// The last layer, and its number, counted from the input, 1.
struct OutputLayer {
  const Dense& dense;
  std::size_t number;
};

// Throws std::invalid_argument where the spec makes no loss, or one that does not take these outputs.
Loss make_loss(const Spec& spec, const OutputLayer& output);

// Throws std::invalid_argument for softmax over one neuron, which is 1 whatever z is.
void require_outputs_that_vary(const OutputLayer& output);

}  // namespace chainrule
