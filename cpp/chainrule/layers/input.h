// The input layer, layer 1: how many features a sample has.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/layers/width.h"
#include "chainrule/spec.h"

namespace chainrule {

struct Input {
  static constexpr const char* kName = "input";

  std::int64_t n = 0;

  // numbers: n
  explicit Input(const Spec& spec) {
    spec.require_known({"n"});
    n = layer_width("Input", "n", spec.number("n"));
  }
};

// The spec of an input layer, for C++ programs.
inline Spec input(std::int64_t n) { return {Input::kName, {{"n", static_cast<double>(n)}}}; }

}  // namespace chainrule
