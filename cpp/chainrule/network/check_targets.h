// Whether targets, which are finite or missing, are what the loss takes.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/layers/architecture.h"
#include "chainrule/plan/samples.h"
#include "chainrule/poll.h"

namespace chainrule {

// The classes of a network, as y names them: `first`, `first` + `step`, ...
struct Classes {
  std::int64_t count, first, step;

  std::string listed() const;  // "0 to 9", "-1 and 1"
};

// Throws std::invalid_argument where y names no class of a sample.
Classes classes_of(const Architecture& architecture);

// Throws std::invalid_argument that names row and column of the first bad target.
template <class T>
void check_targets(const Architecture& architecture, const Samples<T>& samples, Poll& poll);

// What to warn of where the loss measures a distance from targets that the outputs cannot reach; or nothing.
template <class T>
std::string unreachable_targets(const Architecture& architecture, const Samples<T>& samples,
                                Poll& poll);

}  // namespace chainrule
