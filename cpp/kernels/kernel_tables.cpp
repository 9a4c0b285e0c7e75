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

}  // namespace

template <>
const KernelTables<float>& kernel_tables(Target target) {
  return tables_of(target).of_float;
}
template <>
const KernelTables<double>& kernel_tables(Target target) {
  return tables_of(target).of_double;
}

}  // namespace chainrule
