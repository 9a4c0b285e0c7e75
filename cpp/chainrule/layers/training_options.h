// What a training does with the parameters of a layer beside following the gradient of the loss: penalties, a limit, a
// learning rate of their own, or nothing at all.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <limits>
#include <string>

#include "chainrule/spec.h"

namespace chainrule {

struct TrainingOptions {
  static constexpr double kNoLimit = std::numeric_limits<double>::infinity();

  bool trained = true;
  double rate = 1;  // times the optimizer's learning rate
  // Of W alone: the cost has l1 sum |w| + l2 sum w^2 more; after an update no norm of W[j, :] is larger than max_norm.
  double l1 = 0, l2 = 0;
  double max_norm = kNoLimit;

  bool penalized() const { return l1 != 0 || l2 != 0; }
  bool limited() const { return max_norm != kNoLimit; }

  // Those in the spec of a layer, which are taken out of it. Throws std::invalid_argument, after `prefix`, where one is out of
  // its range. numbers: trainable (0 or 1), learning_rate_factor and, of layers with a W, l1, l2, max_norm.
  static TrainingOptions take_from(Spec& spec, const std::string& prefix, bool has_weights);
};

}  // namespace chainrule
