// The kernels for 64-bit ARM.
// SPDX-License-Identifier: BSD-3-Clause
#define CHAINRULE_TARGET neon
#include "simd/vec_neon.h"
//
#include "kernels/all_kernels.h"
