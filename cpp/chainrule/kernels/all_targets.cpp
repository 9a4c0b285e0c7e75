// From a target to its tables.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/kernels/all_targets.h"

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

const TargetTables& of_target(Target target) {
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
const TablesOf<float>& tables_of(Target target) {
  return of_target(target).of_float;
}
template <>
const TablesOf<double>& tables_of(Target target) {
  return of_target(target).of_double;
}

template <class T>
const SampleKernels<T>& sample_kernels(Target target, [[maybe_unused]] bool of_numbers) {
#if defined(CHAINRULE_SCALAR_FMA)
  if (of_numbers && (target == Target::v3 || target == Target::v4)) {
    return one_number_at_a_time<T>();
  }
#endif
  return tables_of<T>(target).kernels.one_sample;
}
template const SampleKernels<float>& sample_kernels(Target, bool);
template const SampleKernels<double>& sample_kernels(Target, bool);

}  // namespace chainrule
