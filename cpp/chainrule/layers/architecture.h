// The layers in order and the loss, without numbers: what parameters are laid out for and plans are made for.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/layers/dense.h"
#include "chainrule/layers/parameter_blocks.h"
#include "chainrule/losses/loss.h"
#include "chainrule/spec.h"

namespace chainrule {

struct Architecture {
  static constexpr const char* kName = "network";
  static constexpr const char* kCustomLoss = "custom";  // a cost that the user supplies

  std::int64_t n_in = 0;
  std::vector<Dense> layers;  // the article's layers 2 to L
  Loss loss;
  ParameterBlocks parameters;

  // parts: "layer", one for each, and "loss", by default mse; words: dtype, which is for others. Throws
  // std::invalid_argument unless the layers are one input layer, first, and at least one dense layer.
  explicit Architecture(const Spec& spec);

  std::int64_t n_out() const { return layers.back().n_out; }
  std::int64_t n_parameters() const { return parameters.size(); }

 private:
  void add_layer(const Spec& spec, std::size_t place);
};

// The spec of a network, for C++ programs; `loss` is a name, or "" for a cost that comes with the samples.
Spec network(const std::vector<Spec>& layers, const std::string& loss);

// Throws std::invalid_argument unless the spec makes a layer.
void check_layer(const Spec& spec);

}  // namespace chainrule
