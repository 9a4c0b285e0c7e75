// The gradient transforms: what is done to the whole gradient before the update, in the order of the list. A member says whether
// it reads the gradient's norm, which constants its formula has, and computes the new value of a vector V of the gradient.
// Values are clipped before the norm is: one element that is far too large then does not make all the others small.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/gradients/clip_norm.h"
#include "chainrule/gradients/clip_value.h"
#include "chainrule/members.h"

namespace chainrule {

using GradientTransforms = TypeList<ClipValue, ClipNorm>;
using GradientTransform = Choice<GradientTransforms>;

}  // namespace chainrule
