// Who computes matrix products: our own kernels, or the BLAS that was chosen when the core was built.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "simd/dispatch.h"

namespace chainrule {

enum class Product { kOwn, kBlas };

// "auto", "own" or "blas"; for the whole process, from the next plan on. At first it is CHAINRULE_PRODUCT, else "auto".
// Throws std::invalid_argument for another word.
void set_product(const std::string& choice);
std::string product_choice();

// The choice for a CPU target: "auto" takes our own kernels where they are tuned, since they were measured to be at
// least as fast there at every size (docs/performance.md), and the BLAS elsewhere.
Product product_for(Target target);

}  // namespace chainrule
