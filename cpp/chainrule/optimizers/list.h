// The optimizers. A member names its numbers, checks them, says how many arrays of state it keeps, what constants a
// step needs, and computes the new value of a vector V of weights in Step.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/optimizers/adam.h"
#include "chainrule/optimizers/sgd.h"
#include "chainrule/type_list.h"

namespace chainrule {

using Optimizers = TypeList<Sgd, Adam>;

}  // namespace chainrule
