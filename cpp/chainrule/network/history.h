// What a training leaves beside the parameters.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "chainrule/network/quantity.h"

namespace chainrule {

struct History {
  static constexpr int kAllEpochs = -1, kLeftOff = -2;

  // Of each whole epoch, those that are there: cost (the mean over its samples, before their updates), validation_cost
  // (after it), learning_rate (of its last step), gradient_norm (the mean over its steps), epoch_seconds (for its steps), and
  // the metrics. Where an exception ends the training, some may have one value more than others.
  std::vector<Column> columns;
  double seconds = 0;
  // kAllEpochs, or what ended it: the index in FitOptions::stop, or, counting on from there, in FitOptions::callbacks, or the
  // number behind them for FitOptions::minimizer, which came to an end of its own; kLeftOff where FitOptions::leave_after did.
  int stopped_by = kAllEpochs;
  bool begun = false;  // false: what was asked for was refused, and no step made

  // The values of a quantity; empty where it is not recorded.
  const std::vector<double>& values(const std::string& name) const {
    static const std::vector<double> none;
    for (const Column& each : columns) {
      if (each.quantity.name == name) return each.values;
    }
    return none;
  }
  const std::vector<double>& cost() const { return values(Quantity::kCost); }
  const std::vector<double>& validation_cost() const { return values(Quantity::kValidationCost); }
};

}  // namespace chainrule
