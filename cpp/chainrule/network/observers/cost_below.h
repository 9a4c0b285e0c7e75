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
  CostBelow(const double* numbers, const Questions& /*questions*/) : value_(numbers[0]) {}

  bool after_epoch(const Record& record) override { return record.watched_cost() < value_; }

 private:
  const double value_;
};

}  // namespace chainrule
