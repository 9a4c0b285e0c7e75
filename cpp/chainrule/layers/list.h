// The layers.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/layers/dense.h"
#include "chainrule/layers/input.h"
#include "chainrule/type_list.h"

namespace chainrule {

using Layers = TypeList<Input, Dense>;

}  // namespace chainrule
