// The kernels for x86-64 with SSE4.2.
// SPDX-License-Identifier: BSD-3-Clause
#define CHAINRULE_TARGET v2
#include "chainrule/simd/vec_v2.h"
//
#include "chainrule/kernels/all_kernels.h"
