// AMSGrad: Adam whose steps go by the largest v so far; the weights decay on their own
// Reddi, Kale, Kumar: "On the convergence of Adam and beyond", ICLR 2018, algorithm 2; Loshchilov, Hutter: "Decoupled
// weight decay regularization", ICLR 2019; PyTorch's AdamW(amsgrad=True).
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "chainrule/optimizers/whole_power.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct AMSGrad {
  static constexpr const char* kName = "amsgrad";
  static constexpr Parameter kParameters[] = {
      {"learning_rate", 1e-3, Allowed::kNotNegative, "the article's epsilon"},
      {"beta1", 0.9, Allowed::kFraction, "of the running mean of the gradient"},
      {"beta2", 0.999, Allowed::kFraction, "of that of its square"},
      {"eps", 1e-8, Allowed::kNotNegative, "keeps the division finite"},
      {"weight_decay", 0.01, Allowed::kNotNegative, "the part of w that goes, times epsilon"},
      {"first_square", 0.0, Allowed::kNotNegative, "what the running mean of squares starts from"}};
  // m, v and the largest v
  static constexpr int kLeastStates = 3, kMostStates = 3;
  static int n_states(const double* /*numbers*/) { return 3; }
  static double first_value(int state, const double* numbers) { return state > 0 ? numbers[5] : 0; }

  static constexpr int kConstants = 7;
  // As Adam's, and what remains of a weight.
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t step) {
    const double r = std::sqrt(1 - whole_power(numbers[2], step));
    return {numbers[1],
            1 - numbers[1],
            numbers[2],
            1 - numbers[2],
            numbers[3] * r,
            numbers[0] * r / (1 - whole_power(numbers[1], step)),
            1 - numbers[0] * numbers[4]};
  }

  template <class V, int /*kStates*/>
  class Step {
   public:
    template <class T>
    explicit Step(const T* constants)
        : beta1_(V::set(constants[0])),
          rest1_(V::set(constants[1])),
          beta2_(V::set(constants[2])),
          rest2_(V::set(constants[3])),
          eps_(V::set(constants[4])),
          step_size_(V::set(constants[5])),
          remains_(V::set(constants[6])) {}

    // The new value of a weight; states are changed in place.
    V operator()(V w, V g, V* states) const {
      V &m = states[0], &v = states[1], &largest = states[2];
      m = fma(beta1_, m, rest1_ * g);
      v = fma(beta2_, v, rest2_ * g * g);
      largest = max(largest, v);
      return remains_ * w - step_size_ * m / (sqrt(largest) + eps_);
    }

   private:
    V beta1_, rest1_, beta2_, rest2_, eps_, step_size_, remains_;
  };
};

}  // namespace chainrule
