// Up from start_factor times the first rate of another schedule to that rate, linearly; then that schedule, from its start.
// Goyal et al.: "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017, section 2.2; PyTorch's LinearLR before
// another one in SequentialLR.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include "chainrule/network/schedules/schedule.h"
#include "chainrule/parameter.h"

namespace chainrule {

class WarmUp final : public Schedule {
 public:
  static constexpr const char* kName = "warm_up";
  static constexpr const char* kElsewhere[] = {"warmup", "linear_warmup", "linear_lr"};
  static constexpr Parameter kParameters[] = {
      {"length", kRequired, Allowed::kCount, "steps or epochs of the warm-up"},
      {"start_factor", 0.0, Allowed::kNotNegative, "of the first rate, at the start"}};
  static constexpr const char* kWords[] = {"per"};
  static constexpr const char* kParts[] = {"then"};
  // Throws std::invalid_argument where the schedule that comes then is missing, or counts something else.
  explicit WarmUp(const ScheduleArguments& of);

  double rate(std::int64_t time) const override {
    const double t = static_cast<double>(time);
    if (t >= length_) return then_->rate(time - static_cast<std::int64_t>(length_));
    return then_->rate(0) * (start_factor_ + (1 - start_factor_) * (t / length_));
  }

  void connect(const std::vector<Column>& columns) override { then_->connect(columns); }
  void after_epoch(const std::vector<Column>& columns) override { then_->after_epoch(columns); }
  Memory memory() const override { return then_->memory(); }
  void remember(const Spec& memory) override { then_->remember(memory); }

 private:
  const double length_, start_factor_;
  const std::unique_ptr<Schedule> then_;
};

}  // namespace chainrule
