// The optimizers. A member says how many arrays of state it keeps beside the weights and what they start from, which
// constants the step with a number has, and computes the new value of a vector V of weights in Step.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/members.h"
#include "chainrule/optimizers/adam.h"
#include "chainrule/optimizers/sgd.h"

namespace chainrule {

using Optimizers = TypeList<Sgd, Adam>;

// The place of the learning rate among the numbers of any of them.
constexpr int kLearningRate = 0;

// Of a step of any of them.
constexpr int kMostConstants = kMostConstantsOf<Optimizers>;

}  // namespace chainrule
