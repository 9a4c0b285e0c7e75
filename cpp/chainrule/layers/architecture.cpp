// From specs to layers: widths are handed on from layer to layer, parameters laid out without gaps.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/layers/architecture.h"

#include <stdexcept>

#include "chainrule/activations/list.h"
#include "chainrule/layers/list.h"
#include "chainrule/losses/list.h"
#include "chainrule/memory/aligned_block.h"

namespace chainrule {
namespace {

std::string name_of(const Activation& activation) {
  return Activations::names()[static_cast<std::size_t>(activation.index)];
}

// As it is written in Python: Dense(3, "softmax")
std::string dense_text(std::int64_t n_out, const std::string& activation) {
  return "Dense(" + std::to_string(n_out) + ", \"" + activation + "\")";
}

// "layer 3, Dense(1, "relu"),": dense layers are counted from 0 here, from 2 in the article.
std::string layer_text(const std::vector<Dense>& layers, std::size_t l) {
  return "layer " + std::to_string(l + 2) + ", " +
         dense_text(layers[l].n_out, name_of(layers[l].activation)) + ",";
}

Loss make_loss(const Spec& spec, const std::vector<Dense>& layers) {
  Loss loss;
  if (spec.name == Architecture::kCustomLoss) {
    loss.custom = true;
    return loss;
  }
  loss.choice = choose<Losses>("loss", spec);
  Losses::visit<void>(loss.choice.index, [&](auto member) {
    using Member = typename decltype(member)::type;
    loss.targets = Member::kTargets;
    const Dense& output = layers.back();
    const std::string where = layer_text(layers, layers.size() - 1);
    if (output.n_out == 1 && loss.targets == TargetKind::kDistribution) {
      throw std::invalid_argument(
          "loss \"" + spec.name + "\" is for two classes or more, with an output for each, but " +
          where + " has one output; for two classes with one output write " +
          dense_text(1, Sigmoid::kName) + " and the loss \"" + BinaryCrossEntropy::kName + "\"");
    }
    if constexpr (kIsPaired<Member>) {
      using Takes = typename Member::PairedActivation;
      loss.paired = true;
      if (output.activation.index == Activations::index_of_type<Takes>()) return;
      throw std::invalid_argument("loss \"" + spec.name + "\" takes the outputs of " +
                                  Takes::kName + ", but " + where + " has " +
                                  name_of(output.activation) + "; write " +
                                  dense_text(output.n_out, Takes::kName));
    }
  });
  return loss;
}

// Where the outputs of a row sum to 1, a single one is 1 whatever z is.
void require_outputs_that_vary(const std::vector<Dense>& layers) {
  const Dense& output = layers.back();
  if (output.n_out > 1 || output.activation.index != Activations::index_of_type<Softmax>()) return;
  throw std::invalid_argument(layer_text(layers, layers.size() - 1) +
                              " is the constant 1, since softmax sums to 1 over its neurons; "
                              "write two neurons or more, or " +
                              dense_text(1, Sigmoid::kName));
}

}  // namespace

Architecture::Architecture(const Spec& spec) {
  spec.require_known({}, {"dtype"}, {"layer", "loss"});
  std::size_t n_layers = 0;
  for (const auto& [role, part] : spec.parts) {
    if (role != "layer") continue;
    add_layer(part, n_layers++);
  }
  if (layers.empty()) {
    throw std::invalid_argument("a network needs Input and at least one Dense layer, got " +
                                std::to_string(n_layers) + (n_layers == 1 ? " layer" : " layers"));
  }
  // First: it knows better what to write instead.
  loss = make_loss(spec.part("loss", {Mse::kName}), layers);
  require_outputs_that_vary(layers);
}

void Architecture::add_layer(const Spec& spec, std::size_t place) {
  const bool is_input = Layers::index_of("layer", spec.name) == Layers::index_of_type<Input>();
  if (place == 0 && !is_input) {
    throw std::invalid_argument("the first layer must be Input, got " + spec.name);
  }
  if (place > 0 && is_input) {
    throw std::invalid_argument("only the first layer can be Input, but layer " +
                                std::to_string(place + 1) + " is one too");
  }
  if (is_input) {
    n_in = Input(spec).n;
    return;
  }
  Dense layer(spec);
  layer.connect(layers.empty() ? n_in : layers.back().n_out, layers.size(), parameters);
  layers.push_back(layer);
}

Spec network(const std::vector<Spec>& layers, const std::string& loss) {
  Spec spec{Architecture::kName};
  for (const Spec& layer : layers) spec.parts.emplace_back("layer", layer);
  spec.parts.emplace_back("loss", Spec{loss.empty() ? Architecture::kCustomLoss : loss});
  return spec;
}

void check_layer(const Spec& spec) {
  Layers::visit<void>(Layers::index_of("layer", spec.name),
                      [&](auto member) { typename decltype(member)::type checked(spec); });
}

}  // namespace chainrule
