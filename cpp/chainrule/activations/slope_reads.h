// What the slope f'(z) of an activation is written with: a, which every plan keeps, or z. The latter is computed on the way
// forward, where it shares most of its work with f(z), and kept until the way back. That work is done once if the compiler
// sees both at a time: forward() and slope() of such an activation are CHAINRULE_INLINE.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/inline.h"

namespace chainrule {

enum class SlopeReads { kA, kZ };

}  // namespace chainrule
