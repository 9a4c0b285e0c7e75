// Who computes matrix products: our own kernels, or the BLAS that was chosen when the core was built.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "chainrule/simd/dispatch.h"

namespace chainrule {

enum class Product { kOwn, kBlas };

// "auto", "own" or "blas"; for the whole process, from the next plan on. At first it is CHAINRULE_PRODUCT, else "auto".
// Throws std::invalid_argument for another word.
void set_product(const std::string& choice);
std::string product_choice();

// The choice for a CPU target: "auto" takes our own kernels where they are tuned, and the BLAS elsewhere. There is no
// threshold by shape: benchmarks/kernels.py measures both side by side, and from 128 x 128 x 256 to 2048 x 2048 x 2048
// our own take 0.7 to 0.97 of the BLAS's time (OpenBLAS, AVX-512, both dtypes). At 64 x 64 x 64 they take 1.05 of it, at
// 32 x 32 x 32 0.9 to 1; and a BLAS would need passes around it that the plans do not make.
Product product_for(Target target);

}  // namespace chainrule
