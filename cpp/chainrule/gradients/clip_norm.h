// Clipping by the norm of the whole gradient: g := g min(1, max_norm / (|g| + 1e-6)), |g| over all parameters
// Pascanu, Mikolov, Bengio: "On the difficulty of training recurrent neural networks", ICML 2013, algorithm 1;
// PyTorch's clip_grad_norm_, from which the 1e-6 comes.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
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

  // What the formula needs, once the norm is known.
  static constexpr int kConstants = 1;
  static std::array<double, kConstants> constants(const double* numbers, double norm) {
    return {std::min(1.0, numbers[0] / (norm + 1e-6))};
  }

  template <class V>
  class Formula {
   public:
    template <class T>
    explicit Formula(const T* constants) : factor_(V::set(constants[0])) {}

    V operator()(V gradient) const { return gradient * factor_; }

   private:
    V factor_;
  };
};

}  // namespace chainrule
