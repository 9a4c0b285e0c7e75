// rate factor^(t / every)
// PyTorch's ExponentialLR (every = 1), Keras' ExponentialDecay.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/network/schedules/elementary.h"
#include "chainrule/network/schedules/schedule.h"
#include "chainrule/parameter.h"

namespace chainrule {

class ExponentialDecay final : public Schedule {
 public:
  static constexpr const char* kName = "exponential_decay";
  static constexpr const char* kElsewhere[] = {"exponential", "exponential_lr"};
  static constexpr Parameter kParameters[] = {
      {"rate", kRequired, Allowed::kNotNegative, "at first"},
      {"factor", kRequired, Allowed::kPositive, "for each `every`"},
      {"every", 1.0, Allowed::kCount, "steps or epochs in which the rate changes by the factor"}};
  static constexpr const char* kWords[] = {"per"};
  explicit ExponentialDecay(const ScheduleArguments& of)
      : Schedule(per_of(of.spec)),
        rate_(of.numbers[0]),
        factor_(of.numbers[1]),
        every_(of.numbers[2]) {}

  double rate(std::int64_t time) const override {
    return rate_ * real_power(factor_, static_cast<double>(time) / every_);
  }

 private:
  const double rate_, factor_, every_;
};

}  // namespace chainrule
