// Stops when the mean norm of the gradient in the steps of an epoch is below a value.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/network/observers/observer.h"
#include "chainrule/parameter.h"

namespace chainrule {

class GradientBelow final : public Observer {
 public:
  static constexpr const char* kName = "gradient_below";
  static constexpr Parameter kParameters[] = {
      {"norm", kRequired, Allowed::kPositive, "which that of the gradient has to be below"}};
  explicit GradientBelow(const ConditionArguments& of) : norm_(of.numbers[0]) {}

  void connect(const std::vector<Column>& columns) override { monitor_.connect(columns); }
  bool reads_gradient_norm() const override { return true; }
  bool after_epoch(const Record& record) override { return monitor_.value(*record.epochs) < norm_; }

 private:
  Monitor monitor_{Quantity::kGradientNorm, "min"};
  const double norm_;
};

}  // namespace chainrule
