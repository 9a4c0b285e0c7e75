// Rows that are made orthonormal, in double and in an order of our own: a seed gives the same bits on every machine.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/memory/matrix_view.h"
#include "chainrule/poll.h"

namespace chainrule {

// Row after row, by Gram and Schmidt: what is along the rows before it is taken away, and the rest made 1 long. That is Q^T of
// the decomposition A^T = Q R with a positive diagonal of R. rows <= cols, and the rows are independent.
// Giraud, Langou, Rozloznik: "The loss of orthogonality in the Gram-Schmidt orthogonalization process", Computers and
// Mathematics with Applications 50 (2005): once more for a row of which little was left is enough.
void make_orthonormal(MatrixView<double> rows, Poll& poll);

}  // namespace chainrule
