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
  explicit CostRises(const ConditionArguments& of) : factor_(of.numbers[0]) {}

  void connect(const std::vector<Column>& columns) override { cost_.connect(columns); }
  bool after_epoch(const Record& record) override {
    const double cost = cost_.value(*record.epochs);
    best_ = std::min(best_, cost);
    return cost > factor_ * best_;
  }

  Memory memory() const override {
    if (best_ == kNone) return {};
    return {{"best", best_}};
  }
  void remember(const Spec& memory) override { best_ = memory.number("best", kNone); }

 private:
  static constexpr double kNone = std::numeric_limits<double>::infinity();

  Monitor cost_;  // that of the validation data, where there is some
  const double factor_;
  double best_ = kNone;
};

}  // namespace chainrule
