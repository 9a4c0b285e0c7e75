// Clipping by the norm of the whole gradient: g := g min(1, clip_norm / (|g| + 1e-6)), |g| over all parameters
// Pascanu, Mikolov, Bengio: "On the difficulty of training recurrent neural networks", ICML 2013, algorithm 1;
// PyTorch's clip_grad_norm_, from which the 1e-6 comes.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>

#include "chainrule/parameter.h"

namespace chainrule {

struct ClipNorm {
  static constexpr const char* kName = "clip_norm";
  static constexpr const char* kElsewhere[] = {"clipnorm", "global_clipnorm", "max_norm",
                                               "clip_grad_norm"};
  static constexpr Parameter kParameters[] = {
      {"clip_norm", kRequired, Allowed::kPositive, "the largest norm that the gradient keeps"}};
  static constexpr bool kReadsNorm = true;

  // What the formula needs, once the norm is known: the factor, as two where it is so small that it could be denormal,
  // which would count as 0.
  static constexpr int kConstants = 2;
  static std::array<double, kConstants> constants(const double* numbers, double norm) {
    const double limit = numbers[0], length = norm + 1e-6;
    if (limit >= length) return {1, 1};
    if (limit > 1e-30 * length) return {limit / length, 1};
    return {0x1p-64, limit * 0x1p64 / length};
  }

  template <class V>
  class Formula {
   public:
    template <class T>
    explicit Formula(const T* constants)
        : factor_(V::set(constants[0])), rest_(V::set(constants[1])) {}

    V operator()(V gradient) const { return gradient * factor_ * rest_; }

   private:
    V factor_, rest_;
  };
};

}  // namespace chainrule
