// The sign of numbers, for formulas of optimizers.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/inline.h"

namespace chainrule {

// 1, -1, or x itself where it is 0 or NaN
template <class V>
CHAINRULE_INLINE V sign(V x) {
  return select(x > V::zero(), V::set(1), select(x < V::zero(), V::set(-1), x));
}

}  // namespace chainrule
