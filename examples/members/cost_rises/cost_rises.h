// Stops when the cost of an epoch is above the best one times a factor.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <limits>

#include "chainrule/network/stop_conditions.h"

namespace chainrule {

// Stops when the cost of an epoch is above the best one times a factor.
class CostRises final : public StopCondition {
 public:
  static constexpr const char* kName = "cost_rises";
  static constexpr Parameter kParameters[] = {
      {"factor", 2.0, Allowed::kPositive, "how many times the best cost is too much"}};
  CostRises(const double* numbers, const Questions& /*questions*/) : factor_(numbers[0]) {}
  bool after_epoch(double cost) override {
    best_ = std::min(best_, cost);
    return cost > factor_ * best_;
  }

 private:
  const double factor_;
  double best_ = std::numeric_limits<double>::infinity();
};

}  // namespace chainrule
