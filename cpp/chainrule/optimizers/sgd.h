// Gradient descent: w := w - epsilon dC/dw, with momentum: m := mu m + dC/dw, w := w - epsilon m
// PyTorch's definition (torch.optim.SGD, dampening 0); Nesterov's form after Sutskever et al., ICML 2013.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>

#include "chainrule/inline.h"
#include "chainrule/optimizers/weight_decay.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct Sgd {
  static constexpr const char* kName = "sgd";
  static constexpr const char* kElsewhere[] = {"gradient_descent", "gd", "momentum", "nesterov"};
  static constexpr Parameter kParameters[] = {
      {"learning_rate", 0.01, Allowed::kNotNegative, "the article's epsilon"},
      {"momentum", 0.0, Allowed::kFraction, "mu"},
      {"nesterov", 0.0, Allowed::kFlag, "whether steps have Nesterov's form; needs momentum"},
      {"weight_decay", 0.0, Allowed::kNotNegative, "the part of w that is added to the gradient"}};
  static void check(const double* numbers) {
    require(numbers[2] == 0 || numbers[1] > 0, "nesterov",
            "False, or True together with momentum > 0", numbers[2]);
  }

  static constexpr const char* kStates[] = {"m"};
  static constexpr unsigned kStateSets[] = {0b0, 0b1};
  static unsigned state_set(const double* numbers) { return numbers[1] > 0 ? 0b1 : 0b0; }
  static double first_value(int /*state*/, const double* /*numbers*/) { return 0; }

  static WeightDecay weight_decay(const double* numbers) { return coupled_decay(numbers[3]); }

  static constexpr int kConstants = 3;
  // epsilon, mu, and mu once more for Nesterov's form, else 0.
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t /*step*/) {
    return {numbers[0], numbers[1], numbers[2] != 0 ? numbers[1] : 0.0};
  }

  template <class V, unsigned kStateSet>
  class Step {
   public:
    template <class T>
    explicit Step(const T* constants)
        : learning_rate_(V::set(constants[0])),
          momentum_(V::set(constants[1])),
          look_ahead_(V::set(constants[2])),
          nesterov_(constants[2] != T(0)) {}

    // The new value of a weight; states are changed in place.
    CHAINRULE_INLINE V operator()(V w, V g, V* states) const {
      if constexpr (kStateSet == 0) {
        return fma(-learning_rate_, g, w);
      } else {
        V& m = states[0];
        m = fma(momentum_, m, g);
        return fma(-learning_rate_, nesterov_ ? fma(look_ahead_, m, g) : m, w);
      }
    }

   private:
    V learning_rate_, momentum_, look_ahead_;
    bool nesterov_;
  };
};

}  // namespace chainrule
