// The optimizers: what a step makes of the weights, their gradient, and the arrays of state beside them.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <type_traits>

#include "chainrule/members.h"
#include "chainrule/optimizers/adadelta.h"
#include "chainrule/optimizers/adagrad.h"
#include "chainrule/optimizers/adam.h"
#include "chainrule/optimizers/adamw.h"
#include "chainrule/optimizers/lion.h"
#include "chainrule/optimizers/nadam.h"
#include "chainrule/optimizers/radam.h"
#include "chainrule/optimizers/rmsprop.h"
#include "chainrule/optimizers/rprop.h"
#include "chainrule/optimizers/running_numbers.h"
#include "chainrule/optimizers/sgd.h"

namespace chainrule {

// Beside kName and kParameters, a member has
//   kStates, kStateSets       the names of the arrays that it may keep; which of them it keeps together, as sets of bits
//   state_set(numbers)        the set that these hyperparameters need; first_value(state, numbers): what an array starts from
//   weight_decay(numbers)     what becomes of weight and gradient before a step
//   constants(numbers, step)  what step number `step`, counted from 1, needs of the hyperparameters
//   Step<V, kStateSet>        the new value of a vector V of weights, from its gradient and the arrays of the set, in their order
// and perhaps
//   kRunning                  numbers that it carries from step to step (running_numbers.h)
//   kReadsRateOnce            whether its learning rate counts in its first step alone
using Optimizers =
    TypeList<Sgd, RmsProp, Adagrad, Adadelta, Adam, AdamW, NAdam, RAdam, Lion, Rprop>;

// The place of the learning rate among the numbers of any of them.
constexpr int kLearningRate = 0;

template <class Member, class = void>
constexpr bool kReadsRateOnce = false;
template <class Member>
constexpr bool kReadsRateOnce<Member, std::void_t<decltype(Member::kReadsRateOnce)>> =
    Member::kReadsRateOnce;

// Of a step of any of them.
constexpr int kMostConstants = kMostConstantsOf<Optimizers>;
using RunningNumbers = std::array<double, kMostRunningOf<Optimizers>>;

}  // namespace chainrule
