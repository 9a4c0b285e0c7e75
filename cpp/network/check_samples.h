// Whether samples fit a network: shapes, finite numbers, targets that the loss understands.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "layers/architecture.h"
#include "plan/samples.h"
#include "poll.h"

namespace chainrule {

// Throw ShapeError or std::invalid_argument that says what came and what was expected, naming row and column of
// the first bad element. Without `finite`, x may have NaN and infinities.
template <class T>
void check_x(const Architecture& architecture, const ArrayView& x, Poll& poll, bool finite = true);

template <class T>
void check_samples(const Architecture& architecture, const Samples<T>& samples, Poll& poll);

}  // namespace chainrule
