// The kernels of each CPU target, as tables of functions: what is listed here exists on every target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/simd/dispatch.h"

namespace chainrule {

// The functions of kernels/elementary.h over arrays.
template <class T>
struct ElementaryTable {
  // y = f(x), element by element. x, y: (count,), y may be x itself.
  using Map = void (*)(const T* x, T* y, std::int64_t count);
  Map exp, expm1, log, log1p, tanh, sigmoid, softplus;
};

// All tables of a target; kernels/all_kernels.h fills them.
template <class T>
struct TablesOf {
  ElementaryTable<T> elementary;
  KernelTable<T> kernels;
};
struct TargetTables {
  TablesOf<float> of_float;
  TablesOf<double> of_double;
};
struct SampleTables {
  SampleKernels<float> of_float;
  SampleKernels<double> of_double;
};

// The target must be one of supported_targets().
template <class T>
const TablesOf<T>& tables_of(Target target);

// Those on the target's vectors, or, if there are any that give the same bits, on one number at a time.
template <class T>
const SampleKernels<T>& sample_kernels(Target target, bool of_numbers);

}  // namespace chainrule
