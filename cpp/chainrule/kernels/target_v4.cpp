// The kernels for x86-64 with AVX-512.
// SPDX-License-Identifier: BSD-3-Clause
#define CHAINRULE_TARGET v4
#include "chainrule/simd/vec_v4.h"
//
#include "chainrule/kernels/all_kernels.h"
