// What the targets of a sample make of its weight: it comes times the weight of its class, and counts in the mean of the batch
// as far as targets are there (a NaN is missing, where the loss masks them) or its label has a weight in the loss.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "chainrule/losses/loss.h"
#include "chainrule/plan/samples.h"

namespace chainrule {

// Whether they make anything of it.
template <class T>
bool targets_weigh(const Loss& loss, const Samples<T>& samples) {
  return loss.masks_nan || !samples.class_weight.empty() ||
         (samples.y_is_labels && !loss.class_weight.empty());
}

class TargetWeights {
 public:
  // Multiplies weights, (rows.size(),), by those of the classes, and returns the sum of what they count: with C_i the sum over
  // the targets that are there, over how many could be, the cost of the batch is sum_i weights_i C_i over this.
  template <class T>
  double weigh(const Loss& loss, const Samples<T>& samples, const Rows& rows, double* weights);

 private:
  std::vector<double> targets_;  // some rows of y; kept, so that no step but the first allocates
};

}  // namespace chainrule
