// The product by our own kernels, for matrices as they come.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/gemm/gemm.h"

namespace chainrule {

// As multiply() in gemm.h; the shapes are checked.
template <class T>
void multiply_own(const KernelTable<T>& kernels, MatrixView<const T> a, MatrixView<const T> b,
                  Transposed transposed, MatrixView<T> c, Poll& poll);

}  // namespace chainrule
