// Adamax: w := w - epsilon m^ / u, m a running mean of g = dC/dw, ^ without bias, u the largest |g|, of which the older ones fade
// Kingma, Ba: "Adam: a method for stochastic optimization", ICLR 2015, algorithm 2; PyTorch's definition.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>

#include "chainrule/inline.h"
#include "chainrule/optimizers/weight_decay.h"
#include "chainrule/optimizers/whole_power.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct Adamax {
  static constexpr const char* kName = "adamax";
  static constexpr Parameter kParameters[] = {
      {"learning_rate", 2e-3, Allowed::kNotNegative, "the article's epsilon"},
      {"betas[0]", 0.9, Allowed::kFraction, "beta1, of the running mean of the gradient"},
      {"betas[1]", 0.999, Allowed::kFraction, "beta2, how slowly large gradients fade"},
      {"eps", 1e-8, Allowed::kPositive, "keeps u above 0"},
      {"weight_decay", 0.0, Allowed::kNotNegative, "the part of w that is added to the gradient"},
      {"first_magnitude", 0.0, Allowed::kNotNegative, "what u starts from"}};

  static constexpr const char* kStates[] = {"m", "u"};
  static constexpr unsigned kStateSets[] = {0b11};
  static unsigned state_set(const double* /*numbers*/) { return 0b11; }
  static double first_value(int state, const double* numbers) {
    return state == 1 ? numbers[5] : 0;
  }

  static WeightDecay weight_decay(const double* numbers) { return coupled_decay(numbers[4]); }

  static constexpr int kConstants = 5;
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t step) {
    const double step_size = numbers[0] / (1 - whole_power(numbers[1], step));
    return {numbers[1], 1 - numbers[1], numbers[2], numbers[3], step_size};
  }

  template <class V, unsigned /*kStateSet*/>
  class Step {
   public:
    template <class T>
    explicit Step(const T* constants)
        : beta1_(V::set(constants[0])),
          rest1_(V::set(constants[1])),
          beta2_(V::set(constants[2])),
          eps_(V::set(constants[3])),
          step_size_(V::set(constants[4])) {}

    // The new value of a weight; states are changed in place.
    CHAINRULE_INLINE V operator()(V w, V g, V* states) const {
      V &m = states[0], &u = states[1];
      m = fma(beta1_, m, rest1_ * g);
      u = max(beta2_ * u, abs(g) + eps_);  // a NaN, as the second of two, stays one
      return w - step_size_ * m / u;
    }

   private:
    V beta1_, rest1_, beta2_, eps_, step_size_;
  };
};

}  // namespace chainrule
