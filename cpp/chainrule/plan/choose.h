// The choice between the plans, and of the number of threads.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "chainrule/plan/plan.h"

namespace chainrule {

const char* plan_name(PlanKind kind);

// The plan that suits the network, or the one that was forced, if it can serve it.
template <class T>
PlanKind choose_plan(const Architecture& architecture, const Engine<T>& engine);

// For tests: "auto", or the name of the plan that is to serve every network that it can. Throws std::invalid_argument for
// another word.
void force_plan(const std::string& name);

template <class T>
std::unique_ptr<Plan<T>> make_plan(PlanKind kind, const Architecture& architecture,
                                   const Capacity& capacity, const Engine<T>& engine, Poll& poll);

// How many threads a team for batches of this size should have, at most `cap` (0: no cap).
int threads_for(PlanKind plan, const Architecture& architecture, std::int64_t rows, bool trains,
                int cap);

}  // namespace chainrule
