// One number at a time, for x86-64 with FMA: for layers of a few neurons, of which vectors would be mostly empty.
// SPDX-License-Identifier: BSD-3-Clause
#define CHAINRULE_TARGET scalar_fma
#include "chainrule/simd/vec_scalar.h"
//
#include "chainrule/kernels/all_targets.h"
#include "chainrule/kernels/elementary.h"
#include "chainrule/kernels/one_sample.h"

namespace chainrule::CHAINRULE_TARGET {

extern const SampleTables kTables;
const SampleTables kTables = {make_sample_kernels<Vec<float>>(),
                              make_sample_kernels<Vec<double>>()};

}  // namespace chainrule::CHAINRULE_TARGET
