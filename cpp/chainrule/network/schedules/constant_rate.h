// The same rate at all times: what stands behind a warm-up.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/network/schedules/schedule.h"
#include "chainrule/parameter.h"

namespace chainrule {

class ConstantRate final : public Schedule {
 public:
  static constexpr const char* kName = "constant_rate";
  static constexpr const char* kElsewhere[] = {"constant"};
  static constexpr Parameter kParameters[] = {
      {"rate", kRequired, Allowed::kNotNegative, "at all times"}};
  explicit ConstantRate(const ScheduleArguments& of)
      : Schedule(Per::kNothing), rate_(of.numbers[0]) {}

  double rate(std::int64_t /*time*/) const override { return rate_; }

 private:
  const double rate_;
};

}  // namespace chainrule
