// Stops when the cost has not gone more than min_delta below its best for `patience` epochs in a row.
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
  NoImprovement(const double* numbers, const Questions& /*questions*/)
      : patience_(numbers[0]), min_delta_(numbers[1]), restores_best_(numbers[2] != 0) {}

  bool after_epoch(const Record& record) override {
    if (record.watched_cost() < best_ - min_delta_) {
      best_ = record.watched_cost();
      epochs_without_ = 0;
    } else {
      ++epochs_without_;
    }
    return epochs_without_ >= patience_;
  }
  bool restores_best() const override { return restores_best_; }

  Memory memory() const override {
    if (best_ == kNone) return {};
    return {{"best", best_}, {"epochs_without", epochs_without_}};
  }
  void remember(const Spec& memory) override {
    memory.require_known({"best", "epochs_without"});
    if (memory.numbers.empty()) return;
    const double best = memory.number("best"), without = memory.number("epochs_without");
    require(holds(Allowed::kFinite, best), "the best cost", text_of(Allowed::kFinite), best);
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
  double best_ = kNone;
  double epochs_without_ = 0;
};

}  // namespace chainrule
