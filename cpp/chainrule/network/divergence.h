// What is said about a training that diverged: what became of the cost, where, and which causes the samples and the
// learning rate leave.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "chainrule/plan/samples.h"
#include "chainrule/poll.h"

namespace chainrule {

// "the cost became nan", or that something else is no longer finite.
std::string what_diverged(double cost);

// Throws TrainingDiverged. A `learning_rate` of 0 stands for a step before which no weight had changed: it is no cause.
template <class T>
[[noreturn]] void throw_diverged(const std::string& what, const Samples<T>& samples,
                                 double learning_rate, Poll& poll);

}  // namespace chainrule
