// The losses: the cost C_i of one sample, and its gradient dC_i/ds. Most are means over the outputs of a sample, and
// give value(s, y) and slope(s, y) of one output; the others cost() and gradient() of a whole row of s, or of as many rows
// side by side as a vector has lanes: kernels/rows.h. A loss with a PairedActivation takes the outputs of this activation
// only: it has the cost from z instead of s, which is stable, and delta = dC_i/dz, which is cheaper.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <type_traits>

#include "chainrule/losses/binary_cross_entropy.h"
#include "chainrule/losses/cross_entropy.h"
#include "chainrule/losses/huber.h"
#include "chainrule/losses/mse.h"
#include "chainrule/members.h"

namespace chainrule {

using Losses = TypeList<Mse, Huber, CrossEntropy, BinaryCrossEntropy>;

template <class Loss>
constexpr bool kIsPaired = !std::is_void_v<typename Loss::PairedActivation>;

}  // namespace chainrule
