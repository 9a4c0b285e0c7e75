// The layers in order and the loss, without values: what parameters are laid out for and plans are made for.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/layers/layer.h"
#include "chainrule/layers/parameter_blocks.h"
#include "chainrule/losses/loss.h"
#include "chainrule/spec.h"

namespace chainrule {

// The number of a layer behind the input as messages have it: the input itself is 1.
constexpr std::int64_t shown_number(std::size_t layer) {
  return static_cast<std::int64_t>(layer) + 2;
}

struct Architecture {
  static constexpr const char* kName = "network";
  static constexpr const char* kCustomLoss = "custom";  // a cost that the user supplies

  std::int64_t n_in = 0;
  std::vector<Layer> layers;  // those behind the input; the last one is dense
  Loss loss;
  ParameterBlocks parameters;
  // What every call asks for, found once.
  bool all_dense = true;
  bool elementwise_inside = true;  // the activations of all layers but the last one
  std::int64_t n_neurons = 0;      // of all layers

  // parts: "layer", one for each, and "loss", by default mse; words: dtype, which is for others. Throws
  // std::invalid_argument unless the layers are one input layer, first, then dense ones and stages between them.
  explicit Architecture(const Spec& spec);

  const Dense& output() const { return *layers.back().dense(); }
  std::int64_t n_out() const { return output().n_out; }
  std::int64_t n_targets() const { return n_out() / loss.outputs_of_target; }  // of a sample
  std::int64_t n_parameters() const { return parameters.size(); }
  // The first layer that trains something: the way back ends there. The last one, if none does.
  std::size_t first_trained() const { return parameters.first_trained_layer(); }

  // From now on, of this layer, those of a spec of it.
  void set_options(std::size_t layer, const Spec& spec);

 private:
  void add_layer(const Spec& spec);
};

// The spec of a network, for C++ programs; `loss` is a name, or "" for a cost that comes with the samples.
Spec network(const std::vector<Spec>& layers, const std::string& loss);

// Throws std::invalid_argument unless the spec makes a layer.
void check_layer(const Spec& spec);

}  // namespace chainrule
