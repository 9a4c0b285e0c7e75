// Clipping element by element: g := min(max(g, -clip_value), clip_value); PyTorch's clip_grad_value_
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>

#include "chainrule/parameter.h"

namespace chainrule {

struct ClipValue {
  static constexpr const char* kName = "clip_value";
  static constexpr const char* kElsewhere[] = {"clipvalue", "clip_grad_value"};
  static constexpr Parameter kParameters[] = {
      {"clip_value", kRequired, Allowed::kPositive,
       "the largest magnitude that an element of the gradient keeps"}};
  static constexpr bool kReadsNorm = false;

  static constexpr int kConstants = 1;
  static std::array<double, kConstants> constants(const double* numbers, double /*norm*/) {
    return {numbers[0]};
  }

  template <class V>
  class Formula {
   public:
    template <class T>
    explicit Formula(const T* constants) : limit_(V::set(constants[0])) {}

    // In this order of the operands a NaN stays one.
    V operator()(V gradient) const { return min(limit_, max(-limit_, gradient)); }

   private:
    V limit_;
  };
};

}  // namespace chainrule
