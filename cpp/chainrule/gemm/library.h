// What a product library provides to gemm.cpp: blas.cpp or builtin.cpp, one of them is built.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "chainrule/gemm/gemm.h"

namespace chainrule::product_library_impl {

// Floating-point operations that one call may take, so that Ctrl-C is honoured in time: some 40 ms.
extern const std::int64_t kFlopsPerCall;

// c = a b with one side transposed; shapes are checked and fit an int.
template <class T>
void multiply(MatrixView<const T> a, MatrixView<const T> b, Transposed transposed, MatrixView<T> c);

std::string name();

}  // namespace chainrule::product_library_impl
