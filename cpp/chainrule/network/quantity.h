// The quantities that a training records for each epoch, by name, and what is better: less of one, or more.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

namespace chainrule {

enum class Better { kLower, kHigher, kUnknown };

struct Quantity {
  static constexpr const char* kCost = "cost";
  static constexpr const char* kValidationCost = "validation_cost";
  static constexpr const char* kLearningRate = "learning_rate";
  static constexpr const char* kGradientNorm = "gradient_norm";
  static constexpr const char* kSeconds = "epoch_seconds";

  std::string name;
  Better better = Better::kLower;
};

// A quantity with its value in each whole epoch.
struct Column {
  Quantity quantity;
  std::vector<double> values{};
};

}  // namespace chainrule
