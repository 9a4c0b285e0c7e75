// The crossing between Python and C++: a minimizer of the caller's own that makes the steps of a training.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "bind.h"
#include "chainrule/network/minimizer.h"

namespace chainrule {

// Calls function(objective), whose exceptions come through. It is not counted as a reference: the caller keeps it alive.
Minimizer python_minimizer(py::handle function);

}  // namespace chainrule
