// Adam: w := w - epsilon m^ / (sqrt(v^) + eps), m and v running means of dC/dw and its square, ^ without bias; amsgrad: with the
// largest v so far
// Kingma, Ba: "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; Reddi, Kale, Kumar: "On the convergence of
// Adam and beyond", ICLR 2018, algorithm 2; PyTorch's definition.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "chainrule/inline.h"
#include "chainrule/optimizers/weight_decay.h"
#include "chainrule/optimizers/whole_power.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct Adam {
  static constexpr const char* kName = "adam";
  static constexpr const char* kElsewhere[] = {"amsgrad", "fused_adam"};
  static constexpr Parameter kParameters[] = {
      {"learning_rate", 1e-3, Allowed::kNotNegative, "the article's epsilon"},
      {"betas[0]", 0.9, Allowed::kFraction, "beta1, of the running mean of the gradient"},
      {"betas[1]", 0.999, Allowed::kFraction, "beta2, of that of its square"},
      {"eps", 1e-8, Allowed::kNotNegative, "keeps the division finite"},
      {"weight_decay", 0.0, Allowed::kNotNegative, "the part of w that is added to the gradient"},
      {"amsgrad", 0.0, Allowed::kFlag, "whether steps go by the largest v so far"}};

  static constexpr unsigned kLargest = 0b100;
  static constexpr const char* kStates[] = {"m", "v", "largest_v"};
  static constexpr unsigned kStateSets[] = {0b011, 0b111};
  static unsigned state_set(const double* numbers) { return numbers[5] != 0 ? 0b111 : 0b011; }
  static double first_value(int /*state*/, const double* /*numbers*/) { return 0; }

  static WeightDecay weight_decay(const double* numbers) { return coupled_decay(numbers[4]); }

  static constexpr int kConstants = 6;
  // With r = sqrt(1 - beta2^t), the step epsilon m^ / (sqrt(v^) + eps) is (epsilon r / (1 - beta1^t)) m / (sqrt(v) + eps r):
  // one division.
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t step) {
    const double r = std::sqrt(1 - whole_power(numbers[2], step));
    const double step_size = numbers[0] * r / (1 - whole_power(numbers[1], step));
    return {numbers[1], 1 - numbers[1], numbers[2], 1 - numbers[2], numbers[3] * r, step_size};
  }

  template <class V, unsigned kStateSet>
  class Step {
   public:
    template <class T>
    explicit Step(const T* constants)
        : beta1_(V::set(constants[0])),
          rest1_(V::set(constants[1])),
          beta2_(V::set(constants[2])),
          rest2_(V::set(constants[3])),
          eps_(V::set(constants[4])),
          step_size_(V::set(constants[5])) {}

    // The new value of a weight; states are changed in place.
    CHAINRULE_INLINE V operator()(V w, V g, V* states) const {
      V &m = states[0], &v = states[1];
      m = fma(beta1_, m, rest1_ * g);
      v = fma(beta2_, v, rest2_ * g * g);
      V square = v;
      if constexpr ((kStateSet & kLargest) != 0) square = states[2] = max(states[2], v);
      return w - step_size_ * m / (sqrt(square) + eps_);
    }

   private:
    V beta1_, rest1_, beta2_, rest2_, eps_, step_size_;
  };
};

}  // namespace chainrule
