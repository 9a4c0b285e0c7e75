// Lion: w := (1 - epsilon weight_decay) w - epsilon sign(beta1 m + (1 - beta1) g), then m := beta2 m + (1 - beta2) g, g = dC/dw
// Chen et al.: "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>

#include "chainrule/inline.h"
#include "chainrule/optimizers/sign.h"
#include "chainrule/optimizers/weight_decay.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct Lion {
  static constexpr const char* kName = "lion";
  static constexpr const char* kElsewhere[] = {"evolved_sign_momentum"};
  static constexpr Parameter kParameters[] = {
      {"learning_rate", 1e-4, Allowed::kNotNegative, "the article's epsilon"},
      {"betas[0]", 0.9, Allowed::kFraction, "beta1, of m in the step"},
      {"betas[1]", 0.99, Allowed::kFraction, "beta2, of the running mean m of the gradient"},
      {"weight_decay", 0.0, Allowed::kNotNegative, "the part of w that goes, times epsilon"}};

  static constexpr const char* kStates[] = {"m"};
  static constexpr unsigned kStateSets[] = {0b1};
  static unsigned state_set(const double* /*numbers*/) { return 0b1; }
  static double first_value(int /*state*/, const double* /*numbers*/) { return 0; }

  static WeightDecay weight_decay(const double* numbers) {
    return decoupled_decay(numbers[0], numbers[3]);
  }

  static constexpr int kConstants = 5;
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t /*step*/) {
    return {numbers[0], numbers[1], 1 - numbers[1], numbers[2], 1 - numbers[2]};
  }

  template <class V, unsigned /*kStateSet*/>
  class Step {
   public:
    template <class T>
    explicit Step(const T* constants)
        : learning_rate_(V::set(constants[0])),
          beta1_(V::set(constants[1])),
          rest1_(V::set(constants[2])),
          beta2_(V::set(constants[3])),
          rest2_(V::set(constants[4])) {}

    // The new value of a weight; states are changed in place.
    CHAINRULE_INLINE V operator()(V w, V g, V* states) const {
      V& m = states[0];
      const V direction = fma(beta1_, m, rest1_ * g);
      m = fma(beta2_, m, rest2_ * g);
      return fma(-learning_rate_, sign(direction), w);
    }

   private:
    V learning_rate_, beta1_, rest1_, beta2_, rest2_;
  };
};

}  // namespace chainrule
