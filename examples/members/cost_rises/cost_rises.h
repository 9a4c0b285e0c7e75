// Stops when the cost of an epoch is above the best one times a factor.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <limits>

#include "chainrule/network/observers/observer.h"
#include "chainrule/parameter.h"

namespace chainrule {

class CostRises final : public Observer {
 public:
  static constexpr const char* kName = "cost_rises";
  static constexpr Parameter kParameters[] = {
      {"factor", 2.0, Allowed::kPositive, "how many times the best cost is too much"}};
  CostRises(const double* numbers, const Questions& /*questions*/) : factor_(numbers[0]) {}

  bool after_epoch(const Record& record) override {
    best_ = std::min(best_, record.watched_cost());
    return record.watched_cost() > factor_ * best_;
  }

  Memory memory() const override {
    if (best_ == kNone) return {};
    return {{"best", best_}};
  }
  void remember(const Spec& memory) override { best_ = memory.number("best", kNone); }

 private:
  static constexpr double kNone = std::numeric_limits<double>::infinity();

  const double factor_;
  double best_ = kNone;
};

}  // namespace chainrule
