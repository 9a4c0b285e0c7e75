// What is said about a training that diverged: what became of the cost, where it began, and which causes the samples, the
// gradient and the learning rate show.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "chainrule/error.h"
#include "chainrule/network/first_not_finite.h"
#include "chainrule/network/optimizer.h"
#include "chainrule/plan/samples.h"
#include "chainrule/poll.h"
#include "chainrule/threads/team.h"

namespace chainrule {

// "the cost became nan", or that something else is no longer finite.
std::string what_diverged(double cost);

template <class T>
struct Divergence {
  std::string what;           // and when
  const Samples<T>& samples;  // whose cost it was, or its gradient
  static constexpr double kNoRate = std::numeric_limits<double>::quiet_NaN();
  // 0 stands for a step before which no weight had changed: it is no cause. kNoRate: that of a minimizer.
  double learning_rate = 0;
  bool clips = false;  // the gradient, or transforms it in another way
  FirstNotFinite first{};
  // Of the gradient one step before, where it was measured.
  double norm_before = std::numeric_limits<double>::quiet_NaN();
  std::optional<std::int64_t> epoch{}, step{};  // from 1
};

// Of a step that came out not finite. `has_changed`: whether weights had changed before it.
template <class T>
Divergence<T> divergence_in_step(const FailedStep<T>& step, const Optimizer::Session<T>& session,
                                 bool has_changed, Team& team, Poll& poll);

// "the last finite ones" are the weights that the exception tells of.
template <class T>
TrainingDiverged training_diverged(const Divergence<T>& divergence, Poll& poll);

}  // namespace chainrule
