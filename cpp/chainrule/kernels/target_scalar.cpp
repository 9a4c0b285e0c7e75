// The kernels for any CPU.
// SPDX-License-Identifier: BSD-3-Clause
#define CHAINRULE_TARGET scalar
#include "chainrule/simd/vec_scalar.h"
//
#include "chainrule/kernels/all_kernels.h"
