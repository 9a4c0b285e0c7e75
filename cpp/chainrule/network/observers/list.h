// The termination conditions of training, beside the number of epochs: observers that have a name and cross as a spec.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/members.h"
#include "chainrule/network/observers/all_of.h"
#include "chainrule/network/observers/cost_below.h"
#include "chainrule/network/observers/gradient_below.h"
#include "chainrule/network/observers/no_improvement.h"
#include "chainrule/network/observers/stop_when.h"
#include "chainrule/network/observers/time_limit.h"

namespace chainrule {

using StopConditions =
    TypeList<CostBelow, NoImprovement, GradientBelow, TimeLimit, StopWhen, AllOf>;

}  // namespace chainrule
