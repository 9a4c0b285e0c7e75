// The layers.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "layers/dense.h"
#include "layers/input.h"
#include "type_list.h"

namespace chainrule {

using Layers = TypeList<Input, Dense>;

}  // namespace chainrule
