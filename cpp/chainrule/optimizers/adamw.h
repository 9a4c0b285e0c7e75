// AdamW: Adam whose weights decay apart from the gradient: w := (1 - epsilon weight_decay) w - epsilon m^ / (sqrt(v^) + eps)
// Loshchilov, Hutter: "Decoupled weight decay regularization", ICLR 2019, algorithm 2; PyTorch's definition.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>

#include "chainrule/optimizers/adam.h"

namespace chainrule {

struct AdamW {
  static constexpr const char* kName = "adamw";
  static constexpr const char* kElsewhere[] = {"adam_w"};
  static constexpr Parameter kParameters[] = {
      Adam::kParameters[0],
      Adam::kParameters[1],
      Adam::kParameters[2],
      Adam::kParameters[3],
      {"weight_decay", 0.01, Allowed::kNotNegative, "the part of w that goes, times epsilon"},
      Adam::kParameters[5]};

  static constexpr const auto& kStates = Adam::kStates;
  static constexpr const auto& kStateSets = Adam::kStateSets;
  static unsigned state_set(const double* numbers) { return Adam::state_set(numbers); }
  static double first_value(int state, const double* numbers) {
    return Adam::first_value(state, numbers);
  }

  static WeightDecay weight_decay(const double* numbers) {
    return decoupled_decay(numbers[0], numbers[4]);
  }

  static constexpr int kConstants = Adam::kConstants;
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t step) {
    return Adam::constants(numbers, step);
  }

  template <class V, unsigned kStateSet>
  using Step = Adam::Step<V, kStateSet>;
};

}  // namespace chainrule
