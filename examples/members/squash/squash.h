// g := limit tanh(g / limit), element by element: small ones stay almost the same, no one goes beyond the limit
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>

#include "chainrule/parameter.h"

namespace chainrule {

struct Squash {
  static constexpr const char* kName = "squash";
  static constexpr Parameter kParameters[] = {
      {"squash", kRequired, Allowed::kPositive,
       "the limit that no element of the gradient reaches"}};
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

    V operator()(V gradient) const { return limit_ * tanh(gradient / limit_); }

   private:
    V limit_;
  };
};

}  // namespace chainrule
