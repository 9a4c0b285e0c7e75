// The kernels for x86-64 with AVX2 and FMA.
// SPDX-License-Identifier: BSD-3-Clause
#define CHAINRULE_TARGET v3
#include "chainrule/simd/vec_v3.h"
//
#include "chainrule/kernels/all_kernels.h"
