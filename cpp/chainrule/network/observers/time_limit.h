// Stops after the first step that ends this much later than training began.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/network/observers/observer.h"
#include "chainrule/parameter.h"

namespace chainrule {

class TimeLimit final : public Observer {
 public:
  static constexpr const char* kName = "time_limit";
  static constexpr Parameter kParameters[] = {
      {"seconds", kRequired, Allowed::kPositive, "from the beginning of the training"}};
  explicit TimeLimit(const ConditionArguments& of) : seconds_(of.numbers[0]) {}

  Watches watches() const override { return Watches::kSteps; }
  bool after_step(const Record& record) override { return record.seconds >= seconds_; }

 private:
  const double seconds_;
};

}  // namespace chainrule
