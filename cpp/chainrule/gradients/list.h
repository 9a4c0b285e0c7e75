// The gradient transforms: what is done to the whole gradient before the update. A member says whether it reads the
// gradient's norm, which constants its formula has, and computes the new value of a vector V of the gradient.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/gradients/clip_norm.h"
#include "chainrule/members.h"

namespace chainrule {

using GradientTransforms = TypeList<ClipNorm>;
using GradientTransform = Choice<GradientTransforms>;

}  // namespace chainrule
