// Adagrad: w := w - epsilon_t g / (sqrt(v) + eps), v the sum of all g^2 so far, g = dC/dw, epsilon_t = epsilon / (1 + (t - 1) lr_decay)
// Duchi, Hazan, Singer: "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12 (2011),
// section 1.2, diagonal; PyTorch's definition.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>

#include "chainrule/inline.h"
#include "chainrule/optimizers/weight_decay.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct Adagrad {
  static constexpr const char* kName = "adagrad";
  static constexpr const char* kElsewhere[] = {"ada_grad"};
  static constexpr Parameter kParameters[] = {
      {"learning_rate", 0.01, Allowed::kNotNegative, "the article's epsilon"},
      {"lr_decay", 0.0, Allowed::kNotNegative, "how fast the rate falls from step to step"},
      {"initial_accumulator_value", 0.0, Allowed::kNotNegative, "what the sum starts from"},
      {"eps", 1e-10, Allowed::kNotNegative, "keeps the division finite"},
      {"weight_decay", 0.0, Allowed::kNotNegative, "the part of w that is added to the gradient"}};

  static constexpr const char* kStates[] = {"v"};
  static constexpr unsigned kStateSets[] = {0b1};
  static unsigned state_set(const double* /*numbers*/) { return 0b1; }
  static double first_value(int /*state*/, const double* numbers) { return numbers[2]; }

  static WeightDecay weight_decay(const double* numbers) { return coupled_decay(numbers[4]); }

  static constexpr int kConstants = 2;
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t step) {
    const double rate = numbers[0] / (1 + static_cast<double>(step - 1) * numbers[1]);
    return {rate, numbers[3]};
  }

  template <class V, unsigned /*kStateSet*/>
  class Step {
   public:
    template <class T>
    explicit Step(const T* constants)
        : learning_rate_(V::set(constants[0])), eps_(V::set(constants[1])) {}

    // The new value of a weight; states are changed in place.
    CHAINRULE_INLINE V operator()(V w, V g, V* states) const {
      V& v = states[0];
      v = fma(g, g, v);
      return w - learning_rate_ * g / (sqrt(v) + eps_);
    }

   private:
    V learning_rate_, eps_;
  };
};

}  // namespace chainrule
