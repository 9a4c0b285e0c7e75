// NAdam, Adam with Nesterov's momentum: w := w - epsilon ((1 - mu_t) / (1 - p_t) g + mu_(t+1) / (1 - p_t mu_(t+1)) m) / (sqrt(v^) + eps)
// with g = dC/dw, m and v its and its square's running means, p_t = mu_1 ... mu_t, and mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)
// Dozat: "Incorporating Nesterov momentum into Adam", ICLR 2016 workshop; PyTorch's definition.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "chainrule/inline.h"
#include "chainrule/optimizers/exponential.h"
#include "chainrule/optimizers/running_numbers.h"
#include "chainrule/optimizers/weight_decay.h"
#include "chainrule/optimizers/whole_power.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct NAdam {
  static constexpr const char* kName = "nadam";
  static constexpr Parameter kParameters[] = {
      {"learning_rate", 2e-3, Allowed::kNotNegative, "the article's epsilon"},
      {"betas[0]", 0.9, Allowed::kFraction, "beta1, of the running mean of the gradient"},
      {"betas[1]", 0.999, Allowed::kFraction, "beta2, of that of its square"},
      {"eps", 1e-8, Allowed::kNotNegative, "keeps the division finite"},
      {"weight_decay", 0.0, Allowed::kNotNegative, "the part of w that is added to the gradient"},
      {"momentum_decay", 4e-3, Allowed::kNotNegative, "how fast mu comes to beta1"},
      {"decoupled_weight_decay", 0.0, Allowed::kFlag, "whether w decays as AdamW's"}};

  static constexpr const char* kStates[] = {"m", "v"};
  static constexpr unsigned kStateSets[] = {0b11};
  static unsigned state_set(const double* /*numbers*/) { return 0b11; }
  static double first_value(int /*state*/, const double* /*numbers*/) { return 0; }

  static double mu(const double* numbers, std::int64_t step) {
    constexpr double kLogarithm = -0.040821994520255166;  // of 0.96
    const double x = static_cast<double>(step) * numbers[5] * kLogarithm;
    return numbers[1] * (1 - 0.5 * exponential(x));
  }
  static constexpr RunningNumber kRunning[] = {{"mu_product", 1.0}};
  static void advance(const double* numbers, std::int64_t step, double* running) {
    running[0] *= mu(numbers, step);
  }

  static WeightDecay weight_decay(const double* numbers) {
    return numbers[6] != 0 ? decoupled_decay(numbers[0], numbers[4]) : coupled_decay(numbers[4]);
  }

  static constexpr int kConstants = 7;
  // With r = sqrt(1 - beta2^t), sqrt(v^) + eps is (sqrt(v) + eps r) / r.
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t step,
                                                  const double* running) {
    const double r = std::sqrt(1 - whole_power(numbers[2], step));
    const double next = mu(numbers, step + 1);
    const double of_gradient = (1 - mu(numbers, step)) / (1 - running[0]);
    const double of_mean = next / (1 - running[0] * next);
    return {numbers[1],
            1 - numbers[1],
            numbers[2],
            1 - numbers[2],
            numbers[3] * r,
            numbers[0] * r * of_gradient,
            numbers[0] * r * of_mean};
  }

  template <class V, unsigned /*kStateSet*/>
  class Step {
   public:
    template <class T>
    explicit Step(const T* constants)
        : beta1_(V::set(constants[0])),
          rest1_(V::set(constants[1])),
          beta2_(V::set(constants[2])),
          rest2_(V::set(constants[3])),
          eps_(V::set(constants[4])),
          of_gradient_(V::set(constants[5])),
          of_mean_(V::set(constants[6])) {}

    // The new value of a weight; states are changed in place.
    CHAINRULE_INLINE V operator()(V w, V g, V* states) const {
      V &m = states[0], &v = states[1];
      m = fma(beta1_, m, rest1_ * g);
      v = fma(beta2_, v, rest2_ * g * g);
      return w - fma(of_gradient_, g, of_mean_ * m) / (sqrt(v) + eps_);
    }

   private:
    V beta1_, rest1_, beta2_, rest2_, eps_, of_gradient_, of_mean_;
  };
};

}  // namespace chainrule
