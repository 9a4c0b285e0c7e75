// The kernels for 64-bit ARM.
// SPDX-License-Identifier: BSD-3-Clause
#define CHAINRULE_TARGET neon
#include "chainrule/simd/vec_neon.h"
//
#include "chainrule/kernels/all_kernels.h"
