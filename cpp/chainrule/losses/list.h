// The losses: the cost C_i of one sample and its gradient dC_i/ds. A loss with a PairedActivation takes the outputs of
// this activation only; it has the cost from z instead of s, which is stable, and delta, which is cheaper.
// A formula sees one row of s, or as many rows side by side as a vector has lanes: kernels/rows.h.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/binary_cross_entropy.h"
#include "chainrule/losses/cross_entropy.h"
#include "chainrule/losses/mse.h"
#include "chainrule/type_list.h"

namespace chainrule {

using Losses = TypeList<Mse, CrossEntropy, BinaryCrossEntropy>;

}  // namespace chainrule
