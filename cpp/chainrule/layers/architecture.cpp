// From specs to layers: widths are handed on from layer to layer, parameters laid out without gaps.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/layers/architecture.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "chainrule/layers/input.h"
#include "chainrule/layers/make_loss.h"
#include "chainrule/losses/list.h"
#include "chainrule/memory/aligned_block.h"

namespace chainrule {
namespace {

using Layers = Joined<TypeList<Input, Dense>, Stages>::type;

// A name as Python's classes have it: LayerNorm for layer_norm.
std::string title_of(const std::string& name) {
  std::string title;
  bool starts_word = true;
  for (const char each : name) {
    if (each != '_') {
      title +=
          starts_word ? static_cast<char>(std::toupper(static_cast<unsigned char>(each))) : each;
    }
    starts_word = each == '_';
  }
  return title;
}

}  // namespace

Architecture::Architecture(const Spec& spec) {
  spec.require_known({}, {"dtype"}, {"layer", "loss"});
  std::string last;
  for (const auto& [role, part] : spec.parts) {
    if (role != "layer") continue;
    add_layer(part);
    last = part.name;
  }
  if (layers.empty()) {
    throw std::invalid_argument("a network needs Input and at least one Dense layer, got " +
                                std::string(last.empty() ? "0 layers" : "1 layer"));
  }
  if (!layers.back().dense()) {
    throw std::invalid_argument(
        "the last layer must be Dense, whose outputs the loss compares, got " + title_of(last));
  }
  n_neurons = n_in;
  for (const Layer& layer : layers) {
    n_neurons += layer.n_out();
    const Dense* const dense = layer.dense();
    all_dense = all_dense && dense;
    const bool inside = &layer != &layers.back();
    if (inside && dense && !is_elementwise(dense->activation)) elementwise_inside = false;
  }
  const Spec of_loss = spec.part("loss", {Mse::kName});
  if (of_loss.name == kCustomLoss) {
    loss.custom = true;
  } else {
    loss = make_loss(of_loss, OutputLayer{output(), layers.size() + 1});
  }
  require_outputs_that_vary({output(), layers.size() + 1});
}

void Architecture::add_layer(const Spec& spec) {
  const int kind = Layers::index_of("layer", spec.name);
  const bool is_input = kind == Layers::index_of_type<Input>(), is_first = n_in == 0;
  if (is_first && !is_input) {
    throw std::invalid_argument("the first layer must be Input, got " + title_of(spec.name));
  }
  if (!is_first && is_input) {
    throw std::invalid_argument("only the first layer can be Input, but layer " +
                                std::to_string(shown_number(layers.size())) + " is one too");
  }
  if (is_input) {
    n_in = Input(spec).n;
    return;
  }
  const std::int64_t width = layers.empty() ? n_in : layers.back().n_out();
  if (kind == Layers::index_of_type<Dense>()) {
    const auto is_dense = [](const Layer& layer) { return layer.dense() != nullptr; };
    Dense dense(spec);
    dense.connect(width, layers.size(),
                  static_cast<std::uint32_t>(std::count_if(layers.begin(), layers.end(), is_dense)),
                  parameters);
    layers.emplace_back(dense);
  } else {
    Stage stage(spec);
    stage.connect(width, layers.size(), parameters);
    layers.emplace_back(stage);
  }
}

void Architecture::set_options(std::size_t layer, const Spec& spec) {
  parameters.set_options(layer,
                         layers.at(layer).dense() ? Dense(spec).options : Stage(spec).options());
}

Spec network(const std::vector<Spec>& layers, const std::string& loss) {
  Spec spec{Architecture::kName};
  for (const Spec& layer : layers) spec.parts.emplace_back("layer", layer);
  spec.parts.emplace_back("loss", Spec{loss.empty() ? Architecture::kCustomLoss : loss});
  return spec;
}

void check_layer(const Spec& spec) {
  const int kind = Layers::index_of("layer", spec.name);
  if (kind == Layers::index_of_type<Input>()) {
    Input checked(spec);
  } else if (kind == Layers::index_of_type<Dense>()) {
    Dense checked(spec);
  } else {
    Stage checked(spec);
  }
}

}  // namespace chainrule
