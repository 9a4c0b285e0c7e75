// A limit for the norms of weights: W[j, :] := W[j, :] max_norm / (|W[j, :]| + 1e-7) where |W[j, :]| > max_norm
// Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: "Dropout: a simple way to prevent neural networks from
// overfitting", JMLR 15 (2014), section 5.1; torch.renorm and Keras' MaxNorm, from which the 1e-7 comes.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/layers/parameter_blocks.h"

namespace chainrule {

// For the neurons j of some columns of W as it is stored, (rows, cols), all rows of it. Returns whether any was too long.
template <class T>
bool limit_norms(const KernelTable<T>& kernels, double max_norm, T* w, std::int64_t rows,
                 std::int64_t cols, std::int64_t stride);

// For all weights with a limit, in the flat block of parameters.
template <class T>
void limit_norms(const KernelTable<T>& kernels, const ParameterBlocks& blocks, T* parameters);

}  // namespace chainrule
