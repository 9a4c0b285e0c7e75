// From a target to its tables.
// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/kernel_tables.h"

#include <stdexcept>

namespace chainrule {

// CHAINRULE_TARGETS comes from cmake/SimdTargets.cmake: X(scalar) X(v2) ..., the targets of this build.
#define X(target)                    \
  namespace target {                 \
  extern const TargetTables kTables; \
  }
CHAINRULE_TARGETS
#undef X

#if defined(CHAINRULE_SCALAR_FMA)
namespace scalar_fma {
extern const SampleTables kTables;
}
#endif

namespace {

const TargetTables& tables_of(Target target) {
  switch (target) {
#define X(target) \
  case Target::target: return target::kTables;
    CHAINRULE_TARGETS
#undef X
    default: throw std::logic_error("this build has no kernels for the CPU target");
  }
}

#if defined(CHAINRULE_SCALAR_FMA)
template <class T>
const SampleKernels<T>& one_number_at_a_time() {
  if constexpr (sizeof(T) == sizeof(float)) {
    return scalar_fma::kTables.of_float;
  } else {
    return scalar_fma::kTables.of_double;
  }
}
#endif

}  // namespace

template <>
const KernelTables<float>& kernel_tables(Target target) {
  return tables_of(target).of_float;
}
template <>
const KernelTables<double>& kernel_tables(Target target) {
  return tables_of(target).of_double;
}

template <class T>
const SampleKernels<T>& sample_kernels(Target target, std::int64_t widest) {
  // With AVX-512, a step of 4-3-3-1 takes 0.9 of the time that it takes with vectors (4-2-2-1: 0.77), of 4-4-4-1 1.1.
  constexpr std::int64_t kFew = 3;
  if (widest <= kFew) {
    if (target == Target::neon) return kernel_tables<T>(Target::scalar).kernels.one_sample;
#if defined(CHAINRULE_SCALAR_FMA)
    if (target == Target::v3 || target == Target::v4) return one_number_at_a_time<T>();
#endif
  }
  return kernel_tables<T>(target).kernels.one_sample;
}
template const SampleKernels<float>& sample_kernels(Target, std::int64_t);
template const SampleKernels<double>& sample_kernels(Target, std::int64_t);

}  // namespace chainrule
