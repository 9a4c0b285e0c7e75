// Whether samples fit a network: shapes, finite numbers, targets that the loss understands.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/layers/architecture.h"
#include "chainrule/plan/samples.h"
#include "chainrule/poll.h"
#include "chainrule/threads/team.h"

namespace chainrule {

// All throw ShapeError or std::invalid_argument that says what came and what was expected, naming row and column of the
// first bad element.

void require_shape(const char* name, const RowSource& array, std::int64_t rows, std::int64_t cols);

void check_shape_of_x(const Architecture& architecture, const RowSource& x);

// The elements of x alone, each thread some rows.
template <class T>
void check_numbers_of_x(const RowSource& x, Team& team, Poll& poll);

template <class T>
void check_samples(const Architecture& architecture, const Samples<T>& samples, Poll& poll);

}  // namespace chainrule
