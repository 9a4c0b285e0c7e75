// last + (rate - last) (1 + cos(pi t / length)) / 2 up to t = length; then `last` for ever or, with restarts, from the start
// again, each time `growth` times as long.
// Loshchilov, Hutter: "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5; PyTorch's
// CosineAnnealingLR and CosineAnnealingWarmRestarts.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/network/schedules/elementary.h"
#include "chainrule/network/schedules/schedule.h"
#include "chainrule/parameter.h"

namespace chainrule {

class CosineDecay final : public Schedule {
 public:
  static constexpr const char* kName = "cosine_decay";
  static constexpr const char* kElsewhere[] = {"cosine", "cosine_annealing", "sgdr"};
  static constexpr Parameter kParameters[] = {
      {"rate", kRequired, Allowed::kNotNegative, "at first"},
      {"length", kRequired, Allowed::kCount, "steps or epochs to the last rate"},
      {"last", 0.0, Allowed::kNotNegative, "rate that it comes down to"},
      {"restarts", 0.0, Allowed::kFlag, "whether it begins again then"},
      {"growth", 1.0, Allowed::kCount, "of the length, from one start to the next"}};
  static constexpr const char* kWords[] = {"per"};
  explicit CosineDecay(const ScheduleArguments& of)
      : Schedule(per_of(of.spec)),
        rate_(of.numbers[0]),
        length_(of.numbers[1]),
        last_(of.numbers[2]),
        restarts_(of.numbers[3] != 0),
        growth_(of.numbers[4]) {}

  double rate(std::int64_t time) const override {
    double since = static_cast<double>(time), length = length_;
    if (restarts_ && growth_ == 1) {
      since -= length * static_cast<double>(time / static_cast<std::int64_t>(length));
    } else if (restarts_) {
      for (; since >= length; length *= growth_) since -= length;
    } else if (since >= length) {
      return last_;
    }
    return last_ + (rate_ - last_) * (1 + cos_of_pi_times(since / length)) / 2;
  }

 private:
  const double rate_, length_, last_;
  const bool restarts_;
  const double growth_;
};

}  // namespace chainrule
