// The schedules of the learning rate: formulas of the time, and one that goes by the course of the training.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/members.h"
#include "chainrule/network/schedules/constant_rate.h"
#include "chainrule/network/schedules/cosine_decay.h"
#include "chainrule/network/schedules/exponential_decay.h"
#include "chainrule/network/schedules/inverse_scaling.h"
#include "chainrule/network/schedules/one_cycle.h"
#include "chainrule/network/schedules/reduce_on_plateau.h"
#include "chainrule/network/schedules/step_decay.h"
#include "chainrule/network/schedules/warm_up.h"

namespace chainrule {

using Schedules = TypeList<ConstantRate, StepDecay, ExponentialDecay, InverseScaling, CosineDecay,
                           OneCycle, WarmUp, ReduceOnPlateau>;

}  // namespace chainrule
