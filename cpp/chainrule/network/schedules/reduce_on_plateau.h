// Down by a factor whenever a quantity has not become better by a share `threshold` of its best for more than `patience`
// epochs.
// PyTorch's ReduceLROnPlateau with its relative threshold; Keras' ReduceLROnPlateau.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/network/observers/monitor.h"
#include "chainrule/network/schedules/schedule.h"
#include "chainrule/parameter.h"

namespace chainrule {

class ReduceOnPlateau final : public Schedule {
 public:
  static constexpr const char* kName = "reduce_on_plateau";
  static constexpr const char* kElsewhere[] = {"plateau", "reduce_lr_on_plateau", "adaptive"};
  static constexpr Parameter kParameters[] = {
      {"rate", kRequired, Allowed::kNotNegative, "at first"},
      {"factor", 0.1, Allowed::kPositiveFraction, "of a rate to the one before"},
      {"patience", 10.0, Allowed::kNotNegative, "epochs without improvement that are let pass"},
      {"threshold", 1e-4, Allowed::kNotNegative, "share of the best that counts as improvement"},
      {"cooldown", 0.0, Allowed::kNotNegative, "epochs after a reduction that do not count"},
      {"min_rate", 0.0, Allowed::kNotNegative, "the rate never gets below this"}};
  static constexpr auto& kWords = Monitor::kWords;
  explicit ReduceOnPlateau(const ScheduleArguments& of)
      : Schedule(Per::kNothing),
        factor_(of.numbers[1]),
        patience_(of.numbers[2]),
        threshold_(of.numbers[3]),
        cooldown_(of.numbers[4]),
        min_rate_(of.numbers[5]),
        monitor_(of.spec.word("monitor", ""), of.spec.word("mode", "")),
        rate_(of.numbers[0]) {}

  double rate(std::int64_t /*time*/) const override { return rate_; }

  void connect(const std::vector<Column>& columns) override { monitor_.connect(columns); }
  void after_epoch(const std::vector<Column>& columns) override {
    const double value = monitor_.value(columns);
    if (best_ == kNone ? !std::isnan(value) : value < best_ - threshold_ * std::abs(best_)) {
      best_ = value;
      epochs_without_ = 0;
    } else {
      ++epochs_without_;
    }
    if (cooldown_left_ > 0) {
      --cooldown_left_;
      epochs_without_ = 0;
    }
    if (epochs_without_ <= patience_) return;
    rate_ = std::min(rate_, std::max(rate_ * factor_, min_rate_));
    cooldown_left_ = cooldown_;
    epochs_without_ = 0;
  }

  Memory memory() const override {
    Memory memory{
        {"rate", rate_}, {"epochs_without", epochs_without_}, {"cooldown_left", cooldown_left_}};
    if (best_ != kNone) memory.emplace_back("best", best_);
    return memory;
  }
  void remember(const Spec& memory) override {
    memory.require_known({"rate", "epochs_without", "cooldown_left", "best"});
    for (const char* key : {"rate", "epochs_without", "cooldown_left"}) {
      require(holds(Allowed::kNotNegative, memory.number(key)), key, text_of(Allowed::kNotNegative),
              memory.number(key));
    }
    rate_ = memory.number("rate");
    epochs_without_ = memory.number("epochs_without");
    cooldown_left_ = memory.number("cooldown_left");
    best_ = memory.number("best", kNone);
  }

 private:
  static constexpr double kNone = std::numeric_limits<double>::infinity();

  const double factor_, patience_, threshold_, cooldown_, min_rate_;
  Monitor monitor_;
  double rate_;
  double best_ = kNone;  // in the sign with which less is better
  double epochs_without_ = 0, cooldown_left_ = 0;
};

}  // namespace chainrule
