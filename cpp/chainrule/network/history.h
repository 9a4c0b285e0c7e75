// What a training leaves beside the parameters.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

namespace chainrule {

struct History {
  static constexpr int kAllEpochs = -1, kLeftOff = -2;

  std::vector<double> cost;  // of each whole epoch: the mean over its samples, before their updates
  std::vector<double> validation_cost;  // after each whole epoch
  double seconds = 0;
  // kAllEpochs, or what ended it: the index in FitOptions::stop, or, counting on from there, in FitOptions::callbacks;
  // kLeftOff where FitOptions::leave_after did.
  int stopped_by = kAllEpochs;
  bool begun = false;  // false: what was asked for was refused, and no step made
};

}  // namespace chainrule
