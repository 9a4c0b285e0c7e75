// What a training leaves beside the parameters.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/network/quantity.h"

namespace chainrule {

// A training that has diverged and went back to the end of its last whole epoch.
struct Restored {
  std::int64_t epoch = 0;            // in which it diverged, from 1
  std::optional<std::int64_t> step;  // of that epoch, from 1; none where a cost after the steps did
  double learning_rate = 0;          // with which it went on
};

struct History {
  static constexpr int kAllEpochs = -1, kLeftOff = -2, kDiverged = -3;

  // Of each whole epoch, those that are there: cost (the mean over its samples, before their updates), validation_cost
  // (after it), learning_rate (of its last step), gradient_norm (the mean over its steps), epoch_seconds (for its steps), and
  // the metrics. Where an exception ends the training, some may have one value more than others.
  std::vector<Column> columns;
  double seconds = 0;
  // kAllEpochs, or what ended it: the index in FitOptions::stop, or, counting on from there, in FitOptions::callbacks, or the
  // number behind them for FitOptions::minimizer, which came to an end of its own; kLeftOff where FitOptions::leave_after did,
  // kDiverged where a divergence that was to stop it did.
  int stopped_by = kAllEpochs;
  std::vector<Restored> restored;
  std::optional<TrainingDiverged> diverged;  // what ended it, raised or not
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
