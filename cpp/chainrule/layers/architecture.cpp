// From specs to layers: widths are handed on from layer to layer, parameters laid out without gaps.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/layers/architecture.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "chainrule/activations/list.h"
#include "chainrule/layers/input.h"
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

std::string name_of(const Activation& activation) {
  return Activations::names()[static_cast<std::size_t>(activation.index)];
}

// As it is written in Python: Dense(3, "softmax")
std::string dense_text(std::int64_t n_out, const std::string& activation) {
  return "Dense(" + std::to_string(n_out) + ", \"" + activation + "\")";
}

// "layer 3, Dense(1, "relu"),", of the last layer. The input is layer 1.
std::string output_text(const std::vector<Layer>& layers) {
  const Dense& output = *layers.back().dense();
  return "layer " + std::to_string(layers.size() + 1) + ", " +
         dense_text(output.n_out, name_of(output.activation)) + ",";
}

Loss make_loss(const Spec& spec, const std::vector<Layer>& layers) {
  Loss loss;
  if (spec.name == Architecture::kCustomLoss) {
    loss.custom = true;
    return loss;
  }
  loss.choice = choose<Losses>("loss", spec);
  Losses::visit<void>(loss.choice.index, [&](auto member) {
    using Member = typename decltype(member)::type;
    loss.targets = Member::kTargets;
    const Dense& output = *layers.back().dense();
    const std::string where = output_text(layers);
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
void require_outputs_that_vary(const std::vector<Layer>& layers) {
  const Dense& output = *layers.back().dense();
  if (output.n_out > 1 || output.activation.index != Activations::index_of_type<Softmax>()) return;
  throw std::invalid_argument(output_text(layers) +
                              " is the constant 1, since softmax sums to 1 over its neurons; "
                              "write two neurons or more, or " +
                              dense_text(1, Sigmoid::kName));
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
  // First: it knows better what to write instead.
  loss = make_loss(spec.part("loss", {Mse::kName}), layers);
  require_outputs_that_vary(layers);
}

void Architecture::add_layer(const Spec& spec) {
  const int kind = Layers::index_of("layer", spec.name);
  const bool is_input = kind == Layers::index_of_type<Input>(), is_first = n_in == 0;
  if (is_first && !is_input) {
    throw std::invalid_argument("the first layer must be Input, got " + title_of(spec.name));
  }
  if (!is_first && is_input) {
    throw std::invalid_argument("only the first layer can be Input, but layer " +
                                std::to_string(layers.size() + 2) + " is one too");
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
