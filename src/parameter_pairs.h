// The crossing between Python and C++: what a network trains, as Python has it.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <map>
#include <utility>

#include "bind.h"
#include "chainrule/layers/parameter_blocks.h"

namespace chainrule {

// make(block) for the two blocks of each layer that trains some, by the layer's place behind the input: W and b of a dense one,
// both vectors of another. None stands for what a layer does not have.
template <class Make>
std::map<std::size_t, std::pair<py::object, py::object>> parameter_pairs(
    const ParameterBlocks& blocks, Make&& make) {
  const auto none = std::make_pair(py::object(py::none()), py::object(py::none()));
  std::map<std::size_t, std::pair<py::object, py::object>> of_layer;
  for (const ParameterBlock& block : blocks) {
    const bool first =
        block.role == Role::kWeights || (block.role == Role::kVector && block.index == 0);
    auto& pair = of_layer.emplace(block.layer, none).first->second;
    (first ? pair.first : pair.second) = make(block);
  }
  return of_layer;
}

}  // namespace chainrule
