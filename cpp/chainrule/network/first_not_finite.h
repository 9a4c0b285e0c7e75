// Where the first number came up that is not finite: a second look at a step that failed, or at samples whose cost did, layer
// by layer. It takes as long as it takes: no training goes on in the meantime.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/plan/plan.h"
#include "chainrule/plan/samples.h"
#include "chainrule/poll.h"
#include "chainrule/threads/team.h"

namespace chainrule {

enum class Where {
  kNowhere,  // it was not found
  kForward,  // in z or the output of a layer
  kCost,  // in the cost of the outputs, or in the dC/ds that a function of the user's own has left
  kPenalty,   // in the penalty of a layer's weights
  kBackward,  // in a layer's delta or gradient
  kNorm,      // in the norm of the gradient, whose elements are finite
  kUpdate     // in new weights of a layer, or in their state
};

struct FirstNotFinite {
  Where where = Where::kNowhere;
  std::size_t layer = 0;  // in Architecture::layers, where there is one
  // Of the batch's gradient with the weights before the step, where that was looked at; it may be too large for the network's
  // dtype.
  std::optional<double> gradient_norm;
};

template <class T>
struct FailedStep {
  Plan<T>& plan;  // that has made it, and stored the parameters
  T* parameters;  // those after it
  const Batch<T>& batch;
  double cost;  // with the penalty
  const OptimizerStep<T>*
      updates;  // by ParameterBlock::rate; null where it did not come to its update
};

template <class T>
FirstNotFinite first_not_finite(const FailedStep<T>& step, Team& team, Poll& poll);

// The same of samples whose mean cost, without an update, is not finite.
template <class T>
FirstNotFinite first_not_finite(const Plan<T>& plan, T* parameters, const Samples<T>& samples,
                                Poll& poll);

}  // namespace chainrule
