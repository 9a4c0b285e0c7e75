// The only way to a matrix product outside the plans on panels: by our own kernels or by a BLAS.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "chainrule/gemm/engine.h"
#include "chainrule/memory/matrix_view.h"
#include "chainrule/poll.h"

namespace chainrule {

// Which side of a product is read transposed: the three orders that backpropagation needs.
//   kNone    c = a b      forward            z = x W           (batch, n_out)
//   kRight   c = a b^T    input gradient     dC/da = delta W^T (batch, n_in)
//   kLeft    c = a^T b    weight gradient    dC/dW = a^T delta (n_in, n_out)
enum class Transposed { kNone, kLeft, kRight };

// Computes c = a b with one side transposed as said. c overlaps neither a nor b. The poll's hook may run
// between blocks of c. Throws std::logic_error on shapes that do not fit, std::runtime_error if the library
// reports an error. With our own product, each element is one chain of fused multiply-adds in the order of the
// summed index.
template <class T>
void multiply(const Engine<T>& engine, MatrixView<const T> a, MatrixView<const T> b,
              Transposed transposed, MatrixView<T> c, Poll& poll);

// "OpenBLAS 0.3.34 (SkylakeX)": what serves the products here.
std::string product_library();

}  // namespace chainrule
