// The termination conditions of training, beside the number of epochs. One small class a condition, and their list.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "chainrule/optimizers/numbers.h"
#include "chainrule/spec.h"
#include "chainrule/type_list.h"

namespace chainrule {

// What a condition may ask the caller of a training: whether to stop.
using Questions = std::vector<std::function<bool()>>;

class StopCondition {
 public:
  virtual ~StopCondition() = default;
  // `cost` is the validation cost where there is validation data, else the training cost of the epoch.
  virtual bool after_epoch(double /*cost*/) { return false; }
  // `seconds` since training began
  virtual bool after_step(double /*seconds*/) { return false; }
  // It has to be asked after every single step.
  virtual bool counts_steps() const { return false; }
};

// Stops when the cost of an epoch is below a value. numbers: the value
class CostBelow final : public StopCondition {
 public:
  static constexpr const char* kName = "cost_below";
  CostBelow(const Spec& spec, const Questions& /*questions*/) {
    spec.require(1, 0);
    value_ = spec.numbers[0];
    require(std::isfinite(value_), "value", "a finite number", value_);
  }
  bool after_epoch(double cost) override { return cost < value_; }

 private:
  double value_ = 0;
};

// Stops when the cost has not gone more than min_delta below its best for `patience` epochs in a row.
// Prechelt: "Early stopping - but when?", Neural Networks: Tricks of the Trade (1998). numbers: patience, min_delta
class NoImprovement final : public StopCondition {
 public:
  static constexpr const char* kName = "no_improvement";
  NoImprovement(const Spec& spec, const Questions& /*questions*/) {
    spec.require(2, 0);
    patience_ = spec.numbers[0];
    min_delta_ = spec.numbers[1];
    require(patience_ >= 1 && patience_ == std::floor(patience_) && std::isfinite(patience_),
            "patience", "a whole number >= 1", patience_);
    require(min_delta_ >= 0 && std::isfinite(min_delta_), "min_delta", "a finite number >= 0",
            min_delta_);
  }
  bool after_epoch(double cost) override {
    if (cost < best_ - min_delta_) {
      best_ = cost;
      epochs_without_ = 0;
    } else {
      ++epochs_without_;
    }
    return epochs_without_ >= patience_;
  }

 private:
  double patience_ = 0, min_delta_ = 0;
  double best_ = std::numeric_limits<double>::infinity();
  double epochs_without_ = 0;
};

// Stops after the first step that ends this much later than training began. numbers: seconds
class TimeLimit final : public StopCondition {
 public:
  static constexpr const char* kName = "time_limit";
  TimeLimit(const Spec& spec, const Questions& /*questions*/) {
    spec.require(1, 0);
    seconds_ = spec.numbers[0];
    require(seconds_ > 0 && std::isfinite(seconds_), "seconds", "a finite number > 0", seconds_);
  }
  bool after_step(double seconds) override { return seconds >= seconds_; }
  bool counts_steps() const override { return true; }

 private:
  double seconds_ = 0;
};

// Stops when the caller says so, who is asked after a step, at most every 20 ms. numbers: the index of the question
class StopWhen final : public StopCondition {
 public:
  static constexpr const char* kName = "stop_when";
  StopWhen(const Spec& spec, const Questions& questions) {
    spec.require(1, 0);
    const double index = spec.numbers[0], count = static_cast<double>(questions.size());
    require(index >= 0 && index < count && index == std::floor(index), "the index of a question",
            "that of one of the questions given", index);
    is_set_ = questions[static_cast<std::size_t>(index)];
  }
  bool after_step(double seconds) override {
    constexpr double kInterval = 0.02;
    if (seconds < next_) return false;
    next_ = seconds + kInterval;
    return is_set_();
  }

 private:
  std::function<bool()> is_set_;
  double next_ = 0;
};

using StopConditions = TypeList<CostBelow, NoImprovement, TimeLimit, StopWhen>;

// Throws std::invalid_argument for an unknown name or a number that the condition refuses.
inline std::unique_ptr<StopCondition> make_stop_condition(const Spec& spec,
                                                          const Questions& questions = {}) {
  return StopConditions::visit<std::unique_ptr<StopCondition>>(
      StopConditions::index_of("stop condition", spec.name),
      [&](auto member) -> std::unique_ptr<StopCondition> {
        return std::make_unique<typename decltype(member)::type>(spec, questions);
      });
}

}  // namespace chainrule
