// The termination conditions of training, beside the number of epochs. One small class a condition, and their list.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "optimizers/numbers.h"
#include "spec.h"
#include "type_list.h"

namespace chainrule {

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
  explicit CostBelow(const Spec& spec) : value_(spec.numbers.at(0)) {
    require(std::isfinite(value_), "value", "a finite number", value_);
  }
  bool after_epoch(double cost) override { return cost < value_; }

 private:
  double value_;
};

// Stops when the cost has not gone more than min_delta below its best for `patience` epochs in a row.
// Prechelt: "Early stopping - but when?", Neural Networks: Tricks of the Trade (1998). numbers: patience, min_delta
class NoImprovement final : public StopCondition {
 public:
  static constexpr const char* kName = "no_improvement";
  explicit NoImprovement(const Spec& spec)
      : patience_(spec.numbers.at(0)), min_delta_(spec.numbers.at(1)) {
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
  double patience_, min_delta_;
  double best_ = std::numeric_limits<double>::infinity();
  double epochs_without_ = 0;
};

// Stops after the first step that ends this much later than training began. numbers: seconds
class TimeLimit final : public StopCondition {
 public:
  static constexpr const char* kName = "time_limit";
  explicit TimeLimit(const Spec& spec) : seconds_(spec.numbers.at(0)) {
    require(seconds_ > 0 && std::isfinite(seconds_), "seconds", "a finite number > 0", seconds_);
  }
  bool after_step(double seconds) override { return seconds >= seconds_; }
  bool counts_steps() const override { return true; }

 private:
  double seconds_;
};

using StopConditions = TypeList<CostBelow, NoImprovement, TimeLimit>;

// Throws std::invalid_argument for an unknown name or a number that the condition refuses.
inline std::unique_ptr<StopCondition> make_stop_condition(const Spec& spec) {
  return StopConditions::visit<std::unique_ptr<StopCondition>>(
      StopConditions::index_of("stop condition", spec.name),
      [&](auto member) -> std::unique_ptr<StopCondition> {
        return std::make_unique<typename decltype(member)::type>(spec);
      });
}

}  // namespace chainrule
