// Stops when the cost of an epoch is below a value.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/network/observers/observer.h"
#include "chainrule/parameter.h"

namespace chainrule {

class CostBelow final : public Observer {
 public:
  static constexpr const char* kName = "cost_below";
  static constexpr Parameter kParameters[] = {
      {"value", kRequired, Allowed::kFinite, "which the cost has to be below"}};
  explicit CostBelow(const ConditionArguments& of) : value_(of.numbers[0]) {}

  void connect(const std::vector<Column>& columns) override { cost_.connect(columns); }
  bool after_epoch(const Record& record) override { return cost_.value(*record.epochs) < value_; }

 private:
  Monitor cost_;
  const double value_;
};

}  // namespace chainrule
