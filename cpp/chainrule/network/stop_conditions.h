// The termination conditions of training, beside the number of epochs. One small class a condition, and their list.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "chainrule/members.h"

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

// Stops when the cost of an epoch is below a value.
class CostBelow final : public StopCondition {
 public:
  static constexpr const char* kName = "cost_below";
  static constexpr Parameter kParameters[] = {
      {"value", kRequired, Allowed::kFinite, "which the cost has to be below"}};
  CostBelow(const double* numbers, const Questions& /*questions*/) : value_(numbers[0]) {}
  bool after_epoch(double cost) override { return cost < value_; }

 private:
  const double value_;
};

// Stops when the cost has not gone more than min_delta below its best for `patience` epochs in a row.
// Prechelt: "Early stopping - but when?", Neural Networks: Tricks of the Trade (1998)
class NoImprovement final : public StopCondition {
 public:
  static constexpr const char* kName = "no_improvement";
  static constexpr Parameter kParameters[] = {
      {"patience", 10.0, Allowed::kCount, "epochs in a row"},
      {"min_delta", 0.0, Allowed::kNotNegative, "what counts as an improvement"}};
  NoImprovement(const double* numbers, const Questions& /*questions*/)
      : patience_(numbers[0]), min_delta_(numbers[1]) {}
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
  const double patience_, min_delta_;
  double best_ = std::numeric_limits<double>::infinity();
  double epochs_without_ = 0;
};

// Stops after the first step that ends this much later than training began.
class TimeLimit final : public StopCondition {
 public:
  static constexpr const char* kName = "time_limit";
  static constexpr Parameter kParameters[] = {
      {"seconds", kRequired, Allowed::kPositive, "from the beginning of the training"}};
  TimeLimit(const double* numbers, const Questions& /*questions*/) : seconds_(numbers[0]) {}
  bool after_step(double seconds) override { return seconds >= seconds_; }
  bool counts_steps() const override { return true; }

 private:
  const double seconds_;
};

// Stops when the caller says so, who is asked after a step, at most every 20 ms.
class StopWhen final : public StopCondition {
 public:
  static constexpr const char* kName = "stop_when";
  static constexpr Parameter kParameters[] = {
      {"question", kRequired, Allowed::kNotNegative, "index of the caller's question"}};
  StopWhen(const double* numbers, const Questions& questions) {
    const double index = numbers[0], count = static_cast<double>(questions.size());
    require(index < count && index == std::floor(index), "the index of a question",
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
  const auto choice = choose<StopConditions>("stop condition", spec);
  return StopConditions::visit<std::unique_ptr<StopCondition>>(
      choice.index, [&](auto member) -> std::unique_ptr<StopCondition> {
        return std::make_unique<typename decltype(member)::type>(choice.numbers, questions);
      });
}

}  // namespace chainrule
