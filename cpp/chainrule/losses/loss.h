// The loss of a network: which member of the list, or the user's own function, and how it meets the output layer.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/targets.h"

namespace chainrule {

struct Loss {
  static constexpr int kCustom = -1;

  int index = kCustom;  // in Losses
  // It takes the outputs of one activation only, and with this delta comes straight from s and y.
  bool paired = false;
  TargetKind targets = TargetKind::kReal;

  bool is_custom() const { return index == kCustom; }
};

}  // namespace chainrule
