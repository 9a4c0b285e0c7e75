// From rate / div_factor up to `rate` in the first `pct_start` of the length, and down to rate / div_factor / final_div_factor
// in the rest, both along half a cosine.
// Smith, Topin: "Super-convergence: very fast training of neural networks using large learning rates", 2018; PyTorch's
// OneCycleLR, whose names these are.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/network/schedules/elementary.h"
#include "chainrule/network/schedules/schedule.h"
#include "chainrule/parameter.h"

namespace chainrule {

class OneCycle final : public Schedule {
 public:
  static constexpr const char* kName = "one_cycle";
  static constexpr const char* kElsewhere[] = {"one_cycle_lr", "onecycle", "super_convergence"};
  static constexpr Parameter kParameters[] = {
      {"rate", kRequired, Allowed::kNotNegative, "the highest"},
      {"length", kRequired, Allowed::kCount, "steps or epochs of the whole cycle"},
      {"pct_start", 0.3, Allowed::kPositiveFraction, "share of the length on the way up"},
      {"div_factor", 25.0, Allowed::kPositive, "of the highest rate over the first"},
      {"final_div_factor", 1e4, Allowed::kPositive, "of the first rate over the last"}};
  static constexpr const char* kWords[] = {"per"};
  explicit OneCycle(const ScheduleArguments& of)
      : Schedule(per_of(of.spec)),
        most_(of.numbers[0]),
        first_(of.numbers[0] / of.numbers[3]),
        last_(first_ / of.numbers[4]),
        up_(of.numbers[2] * of.numbers[1] - 1),
        end_(of.numbers[1] - 1) {}

  double rate(std::int64_t time) const override {
    const double t = static_cast<double>(time);
    if (t >= end_) return last_;
    return t < up_ ? between(first_, most_, t / up_)
                   : between(most_, last_, (t - up_) / (end_ - up_));
  }

 private:
  // From one rate to the other along half a cosine, u from 0 to 1.
  static double between(double from, double to, double u) {
    return to + (from - to) * (1 + cos_of_pi_times(u)) / 2;
  }

  const double most_, first_, last_;
  const double up_, end_;  // times of the highest rate and of the last
};

}  // namespace chainrule
