// From specs to layers: widths are handed on from layer to layer, parameters laid out without gaps.
// SPDX-License-Identifier: BSD-3-Clause
#include "layers/architecture.h"

#include <stdexcept>

#include "activations/list.h"
#include "layers/list.h"
#include "losses/list.h"
#include "memory/aligned_block.h"

namespace chainrule {
namespace {

Loss make_loss(const std::string& name, int output_activation) {
  Loss loss;
  if (name.empty()) return loss;
  loss.index = Losses::index_of("loss", name);
  Losses::visit<void>(loss.index, [&](auto member) {
    using Member = typename decltype(member)::type;
    loss.targets = Member::kTargets;
    loss.paired =
        Activations::index_of_type<typename Member::PairedActivation>() == output_activation;
  });
  return loss;
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
  loss = make_loss(loss_name, layers.back().activation);
}

void check_layer(const Spec& spec) {
  Layers::visit<void>(Layers::index_of("layer", spec.name),
                      [&](auto member) { typename decltype(member)::type checked(spec); });
}

}  // namespace chainrule
