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

std::string activation_name(int index) {
  return Activations::names()[static_cast<std::size_t>(index)];
}

// As it is written in Python: Dense(3, "softmax")
std::string dense_text(std::int64_t n_out, const std::string& activation) {
  return "Dense(" + std::to_string(n_out) + ", \"" + activation + "\")";
}

// "layer 3, Dense(1, "relu"),": dense layers are counted from 0 here, from 2 in the article.
std::string layer_text(const std::vector<Dense>& layers, std::size_t l) {
  return "layer " + std::to_string(l + 2) + ", " +
         dense_text(layers[l].n_out, activation_name(layers[l].activation)) + ",";
}

Loss make_loss(const std::string& name, const std::vector<Dense>& layers) {
  Loss loss;
  if (name.empty()) return loss;
  loss.index = Losses::index_of("loss", name);
  Losses::visit<void>(loss.index, [&](auto member) {
    using Member = typename decltype(member)::type;
    loss.targets = Member::kTargets;
    constexpr int kTakes = Activations::index_of_type<typename Member::PairedActivation>();
    loss.paired = kTakes >= 0;
    const Dense& output = layers.back();
    const std::string where = layer_text(layers, layers.size() - 1);
    if (output.n_out == 1 && loss.targets == TargetKind::kDistribution) {
      throw std::invalid_argument(
          "loss \"" + name + "\" is for two classes or more, with an output for each, but " +
          where + " has one output; for two classes with one output write " +
          dense_text(1, Sigmoid::kName) + " and the loss \"" + BinaryCrossEntropy::kName + "\"");
    }
    if (loss.paired && output.activation != kTakes) {
      throw std::invalid_argument("loss \"" + name + "\" takes the outputs of " +
                                  activation_name(kTakes) + ", but " + where + " has " +
                                  activation_name(output.activation) + "; write " +
                                  dense_text(output.n_out, activation_name(kTakes)));
    }
  });
  return loss;
}

// Where the outputs of a row sum to 1, a single one is 1 whatever z is.
void require_outputs_that_vary(const std::vector<Dense>& layers) {
  const Dense& output = layers.back();
  if (output.n_out > 1 || output.activation != Activations::index_of_type<Softmax>()) return;
  throw std::invalid_argument(layer_text(layers, layers.size() - 1) +
                              " is the constant 1, since softmax sums to 1 over its neurons; "
                              "write two neurons or more, or " +
                              dense_text(1, Sigmoid::kName));
}

}  // namespace

Architecture::Architecture(const std::vector<Spec>& specs, const std::string& loss_name) {
  constexpr int kInput = Layers::index_of_type<Input>();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const bool is_input = Layers::index_of("layer", specs[i].name) == kInput;
    if (i == 0 && !is_input) {
      throw std::invalid_argument("the first layer must be Input, got " + specs[i].name);
    }
    if (i > 0 && is_input) {
      throw std::invalid_argument("only the first layer can be Input, but layer " +
                                  std::to_string(i + 1) + " is one too");
    }
    if (is_input) {
      n_in = Input(specs[i]).n;
      continue;
    }
    Dense layer(specs[i]);
    layer.n_in = layers.empty() ? n_in : layers.back().n_out;
    layer.offset = n_parameters;
    n_parameters = checked_sum(n_parameters, layer.n_parameters());
    layers.push_back(layer);
  }
  if (layers.empty()) {
    throw std::invalid_argument("a network needs Input and at least one Dense layer, got " +
                                std::to_string(specs.size()) +
                                (specs.size() == 1 ? " layer" : " layers"));
  }
  loss = make_loss(loss_name, layers);  // first: it knows better what to write instead
  require_outputs_that_vary(layers);
}

void check_layer(const Spec& spec) {
  Layers::visit<void>(Layers::index_of("layer", spec.name),
                      [&](auto member) { typename decltype(member)::type checked(spec); });
}

}  // namespace chainrule
