// The kernels for any CPU.
// SPDX-License-Identifier: BSD-3-Clause
#define CHAINRULE_TARGET scalar
#include "simd/vec_scalar.h"
//
#include "kernels/all_kernels.h"
