// The crossing between Python and C++: a cost function of the user's own, (s, y) -> (cost, dC_ds).
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "array_argument.h"
#include "chainrule/plan/samples.h"

namespace chainrule {

// Calls `function` with copies of the outputs s (batch, n_out), in the network's dtype, and the rows of y, in y's
// own dtype. Its exceptions come through; what it returns is checked.
template <class T>
CustomCost<T> custom_cost(py::object function, py::array y);

}  // namespace chainrule
