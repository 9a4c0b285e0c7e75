// rate factor^floor(t / every)
// PyTorch's StepLR.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/network/schedules/schedule.h"
#include "chainrule/optimizers/whole_power.h"
#include "chainrule/parameter.h"

namespace chainrule {

class StepDecay final : public Schedule {
 public:
  static constexpr const char* kName = "step_decay";
  static constexpr const char* kElsewhere[] = {"step", "step_lr", "piecewise"};
  static constexpr Parameter kParameters[] = {
      {"rate", kRequired, Allowed::kNotNegative, "at first"},
      {"every", kRequired, Allowed::kCount, "steps or epochs that a rate lasts"},
      {"factor", 0.1, Allowed::kPositive, "of one rate to the one before"}};
  static constexpr const char* kWords[] = {"per"};
  explicit StepDecay(const ScheduleArguments& of)
      : Schedule(per_of(of.spec)),
        rate_(of.numbers[0]),
        every_(static_cast<std::int64_t>(of.numbers[1])),
        factor_(of.numbers[2]) {}

  double rate(std::int64_t time) const override {
    return rate_ * whole_power(factor_, time / every_);
  }

 private:
  const double rate_;
  const std::int64_t every_;
  const double factor_;
};

}  // namespace chainrule
