// The layers in order and the loss, without numbers: what parameters are laid out for and plans are made for.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/layers/dense.h"
#include "chainrule/losses/loss.h"
#include "chainrule/spec.h"

namespace chainrule {

struct Architecture {
  std::int64_t n_in = 0;
  std::vector<Dense> layers;  // the article's layers 2 to L
  Loss loss;
  std::int64_t n_parameters = 0;

  // `loss` is a name of the list, or "" for a cost that the user supplies. Throws std::invalid_argument unless
  // the layers are one input layer, first, and at least one dense layer.
  Architecture(const std::vector<Spec>& specs, const std::string& loss_name);

  std::int64_t n_out() const { return layers.back().n_out; }
};

// Throws std::invalid_argument unless the spec makes a layer.
void check_layer(const Spec& spec);

}  // namespace chainrule
