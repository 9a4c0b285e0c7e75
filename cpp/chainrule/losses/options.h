// Hyperparameters that several losses have: one name, one meaning. The kernels and layers/make_loss.cpp give them effect, so
// that a loss only declares which it takes.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/parameter.h"

namespace chainrule {

// Whether the formula of an element gets a number of its output as well: one of the list that the loss has.
enum class OfOutputs { kNone, kWhereGiven, kAlways };

constexpr Parameter kLogits{
    "logits", 0, Allowed::kFlag,
    "whether outputs stay weighted inputs z, of which the cost is computed"};
constexpr Parameter kMaskNan{
    "mask_nan", 0, Allowed::kFlag,
    "whether a target that is NaN is missing: no part of cost and gradient"};
// y := (1 - label_smoothing) y + label_smoothing / classes (Szegedy et al., CVPR 2016, section 7)
constexpr Parameter kLabelSmoothing{"label_smoothing", 0, Allowed::kFraction,
                                    "part of each target that is shared out over all classes"};

// ---- Lists: any number of numbers, in kLists ----

constexpr Parameter kClassWeight{"class_weight", kRequired, Allowed::kNotNegative,
                                 "how much a class counts; 1 where nothing is said"};
constexpr Parameter kPosWeight{"pos_weight", kRequired, Allowed::kNotNegative,
                               "how much more a yes counts than a no: one for all outputs, or one "
                               "for each"};
constexpr Parameter kQuantiles{"quantiles", 0.5, Allowed::kPositiveFraction,
                               "parts of all y that shall lie below: an output for each, target "
                               "after target"};

}  // namespace chainrule
