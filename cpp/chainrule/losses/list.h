// The losses: the cost C_i of a sample, and dC_i/ds. Most are means over the outputs, and give value(s, y) and slope(s, y) of
// one; the others cost() and gradient() of a row of s, or of as many side by side as a vector has lanes: kernels/rows.h. One
// with a PairedActivation takes the outputs of this only: it has the cost from z, which is stable, and delta = dC_i/dz, which
// is cheaper. The parameters of losses/options.h mean the same in every loss that declares them.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <type_traits>
#include <utility>

#include "chainrule/losses/binary_cross_entropy.h"
#include "chainrule/losses/cross_entropy.h"
#include "chainrule/losses/focal.h"
#include "chainrule/losses/hinge.h"
#include "chainrule/losses/huber.h"
#include "chainrule/losses/kl_divergence.h"
#include "chainrule/losses/log_cosh.h"
#include "chainrule/losses/mae.h"
#include "chainrule/losses/mse.h"
#include "chainrule/losses/outputs.h"
#include "chainrule/losses/poisson.h"
#include "chainrule/losses/quantile.h"
#include "chainrule/members.h"

namespace chainrule {

using Losses = TypeList<Mse, Huber, CrossEntropy, BinaryCrossEntropy, Mae, LogCosh, Poisson,
                        Quantile, Hinge, Focal, KlDivergence>;

template <class Loss>
constexpr bool kIsPaired = !std::is_void_v<typename Loss::PairedActivation>;

// What a loss may say beside: see losses/options.h and losses/outputs.h.
template <class Loss, class = void>
constexpr OfOutputs kOfOutputs = OfOutputs::kNone;
template <class Loss>
constexpr OfOutputs kOfOutputs<Loss, std::void_t<decltype(Loss::kOfOutputs)>> = Loss::kOfOutputs;

template <class Loss, class = void>
struct OutputsTakenBy : AnyOutputs {};
template <class Loss>
struct OutputsTakenBy<Loss, std::void_t<typename Loss::Outputs>> : Loss::Outputs {};

// Whether the formula has a value and a slope of logits, without an activation that it is paired with.
template <class Loss, class V, class = void>
constexpr bool kHasLogitsValue = false;
template <class Loss, class V>
constexpr bool kHasLogitsValue<
    Loss, V,
    std::void_t<decltype(std::declval<typename Loss::template Formula<V>>().logits_value(
        std::declval<V>(), std::declval<V>()))>> = true;

}  // namespace chainrule
