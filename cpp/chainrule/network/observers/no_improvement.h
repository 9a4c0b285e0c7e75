// Stops when a quantity, by default the cost, has not come more than min_delta beyond its best for `patience` epochs in a row.
// Prechelt: "Early stopping - but when?", Neural Networks: Tricks of the Trade (1998)
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <limits>

#include "chainrule/network/observers/observer.h"
#include "chainrule/parameter.h"

namespace chainrule {

class NoImprovement final : public Observer {
 public:
  static constexpr const char* kName = "no_improvement";
  static constexpr Parameter kParameters[] = {
      {"patience", 10.0, Allowed::kCount, "epochs in a row"},
      {"min_delta", 0.0, Allowed::kNotNegative, "what counts as an improvement"},
      {"restore_best", 0.0, Allowed::kFlag, "whether the best epoch's parameters are put back"}};
  static constexpr auto& kWords = Monitor::kWords;
  explicit NoImprovement(const ConditionArguments& of)
      : patience_(of.numbers[0]),
        min_delta_(of.numbers[1]),
        restores_best_(of.numbers[2] != 0),
        monitor_(of.spec.word("monitor", ""), of.spec.word("mode", "")) {}

  void connect(const std::vector<Column>& columns) override { monitor_.connect(columns); }
  bool reads_gradient_norm() const override { return monitor_.name() == Quantity::kGradientNorm; }
  bool after_epoch(const Record& record) override {
    const double value = monitor_.value(*record.epochs);
    if (value < best_ - min_delta_) {
      best_ = value;
      epochs_without_ = 0;
    } else {
      ++epochs_without_;
    }
    return epochs_without_ >= patience_;
  }
  const Monitor* restores_best() const override { return restores_best_ ? &monitor_ : nullptr; }

  Memory memory() const override {
    Memory memory{{"epochs_without", epochs_without_}};
    if (best_ != kNone) memory.emplace_back("best", best_);
    return memory;
  }
  void remember(const Spec& memory) override {
    memory.require_known({"best", "epochs_without"});
    if (memory.numbers.empty()) return;
    const double best = memory.number("best", kNone), without = memory.number("epochs_without");
    require(best <= kNone, "the best value", "a number", best);
    require(without == std::floor(without) && without >= 0 && without <= patience_,
            "the number of epochs without improvement", "a whole number from 0 to patience",
            without);
    best_ = best;
    epochs_without_ = without;
  }

 private:
  static constexpr double kNone = std::numeric_limits<double>::infinity();

  const double patience_, min_delta_;
  const bool restores_best_;
  Monitor monitor_;
  double best_ = kNone;  // in the sign with which less is better
  double epochs_without_ = 0;
};

}  // namespace chainrule
