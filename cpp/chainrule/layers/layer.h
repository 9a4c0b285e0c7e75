// A layer of a network behind its input: dense, or a stage between dense ones.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <utility>
#include <variant>

#include "chainrule/layers/dense.h"
#include "chainrule/layers/stage.h"

namespace chainrule {

class Layer {
 public:
  Layer(Dense dense) : kind_(std::move(dense)) {}
  Layer(Stage stage) : kind_(std::move(stage)) {}

  // One of the two; the other is null.
  const Dense* dense() const { return std::get_if<Dense>(&kind_); }
  const Stage* stage() const { return std::get_if<Stage>(&kind_); }

  std::int64_t n_in() const { return dense() ? dense()->n_in : stage()->n(); }
  std::int64_t n_out() const { return dense() ? dense()->n_out : stage()->n(); }

 private:
  std::variant<Dense, Stage> kind_;
};

}  // namespace chainrule
