// The stages between dense layers, as formulas on a row: the activations of one sample, in and out, of one width. A member
// offers forward() and backward() for a row, how many elements a row forward() keeps for the way back (kKept), whether they draw
// random numbers with these hyperparameters (is_random) and, if it trains vectors, add_gradient() of one sample.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "chainrule/members.h"
#include "chainrule/stages/dropout.h"
#include "chainrule/stages/layer_norm.h"
#include "chainrule/stages/trained_vector.h"

namespace chainrule {

using Stages = TypeList<Dropout, LayerNorm>;
using StageChoice = Choice<Stages>;

inline std::vector<TrainedVector> trained_vectors(const StageChoice& stage) {
  return Stages::visit<std::vector<TrainedVector>>(
      stage.index, [](auto member) { return TrainedBy<typename decltype(member)::type>::list(); });
}

inline bool is_random(const StageChoice& stage) {
  return Stages::visit<bool>(
      stage.index, [&](auto member) { return decltype(member)::type::is_random(stage.numbers); });
}

inline int numbers_kept(const StageChoice& stage) {
  return Stages::visit<int>(stage.index, [](auto member) { return decltype(member)::type::kKept; });
}

}  // namespace chainrule
