// Whether a minimizer can take the cost of a network: as one function of the parameters, free of limits.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/layers/architecture.h"

namespace chainrule {

// Throws std::invalid_argument where a stage draws random numbers in steps of a training, or where a layer that is trained has a
// max_norm or a learning_rate_factor.
void check_minimizer(const Architecture& architecture);

}  // namespace chainrule
