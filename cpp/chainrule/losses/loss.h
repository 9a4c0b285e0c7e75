// The loss of a network: which member of the list, or the user's own function, and how it meets the output layer.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/list.h"

namespace chainrule {

struct Loss {
  Choice<Losses> choice;
  bool custom = false;  // a function of the user's own instead
  // It takes the outputs of one activation only, and with this delta comes straight from s and y.
  bool paired = false;
  TargetKind targets = TargetKind::kReal;
};

}  // namespace chainrule
