// rate / (1 + t / every)^power
// scikit-learn's "invscaling", Keras' InverseTimeDecay (power = 1).
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/network/schedules/elementary.h"
#include "chainrule/network/schedules/schedule.h"
#include "chainrule/parameter.h"

namespace chainrule {

class InverseScaling final : public Schedule {
 public:
  static constexpr const char* kName = "inverse_scaling";
  static constexpr const char* kElsewhere[] = {"invscaling", "inverse_time_decay"};
  static constexpr Parameter kParameters[] = {
      {"rate", kRequired, Allowed::kNotNegative, "at first"},
      {"power", 0.5, Allowed::kNotNegative, "of the time"},
      {"every", 1.0, Allowed::kCount, "steps or epochs that count as one"}};
  static constexpr const char* kWords[] = {"per"};
  explicit InverseScaling(const ScheduleArguments& of)
      : Schedule(per_of(of.spec)),
        rate_(of.numbers[0]),
        power_(of.numbers[1]),
        every_(of.numbers[2]) {}

  double rate(std::int64_t time) const override {
    return rate_ / real_power(1 + static_cast<double>(time) / every_, power_);
  }

 private:
  const double rate_, power_, every_;
};

}  // namespace chainrule
