// The crossing between Python and C++: weights of classes, by name or one after the other.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "bind.h"
#include "chainrule/layers/architecture.h"

namespace chainrule {

// The weight of each class of the network; none for None. A mapping from class to weight leaves the others at 1; an array has
// them all. Throws TypeError, ShapeError or ValueError.
std::vector<double> class_weight_argument(const py::object& object,
                                          const Architecture& architecture);

}  // namespace chainrule
