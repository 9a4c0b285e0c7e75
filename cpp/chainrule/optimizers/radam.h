// RAdam: Adam whose first steps, while the variance of 1 / sqrt(v^) is not bounded, are w := w - epsilon m^; later ones are
// w := w - epsilon r_t m^ sqrt(1 - beta2^t) / (sqrt(v) + eps)
// Liu et al.: "On the variance of the adaptive learning rate and beyond", ICLR 2020, algorithm 2; PyTorch's definition.
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

struct RAdam {
  static constexpr const char* kName = "radam";
  static constexpr const char* kElsewhere[] = {"rectified_adam"};
  static constexpr Parameter kParameters[] = {
      {"learning_rate", 1e-3, Allowed::kNotNegative, "the article's epsilon"},
      {"betas[0]", 0.9, Allowed::kFraction, "beta1, of the running mean of the gradient"},
      {"betas[1]", 0.999, Allowed::kFraction, "beta2, of that of its square"},
      {"eps", 1e-8, Allowed::kNotNegative, "keeps the division finite"},
      {"weight_decay", 0.0, Allowed::kNotNegative, "the part of w that is added to the gradient"},
      {"decoupled_weight_decay", 0.0, Allowed::kFlag, "whether w decays as AdamW's"}};

  static constexpr const char* kStates[] = {"m", "v"};
  static constexpr unsigned kStateSets[] = {0b11};
  static unsigned state_set(const double* /*numbers*/) { return 0b11; }
  static double first_value(int /*state*/, const double* /*numbers*/) { return 0; }

  // The paper's r_t, or 0 where there is none yet.
  static double rectification(double beta2, std::int64_t step) {
    const double power = whole_power(beta2, step), most = 2 / (1 - beta2) - 1;
    const double length = most - 2 * static_cast<double>(step) * power / (1 - power);
    if (!(length > 5)) return 0;
    return std::sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length));
  }

  static WeightDecay weight_decay(const double* numbers) {
    return numbers[5] != 0 ? decoupled_decay(numbers[0], numbers[4]) : coupled_decay(numbers[4]);
  }

  static constexpr int kConstants = 7;
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t step) {
    const double r = rectification(numbers[2], step);
    const double rate = numbers[0] / (1 - whole_power(numbers[1], step));
    const double adaptive = r * std::sqrt(1 - whole_power(numbers[2], step));
    return {numbers[1],       1 - numbers[1], numbers[2],
            1 - numbers[2],   numbers[3],     r > 0 ? rate * adaptive : rate,
            r > 0 ? 1.0 : 0.0};
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
          step_size_(V::set(constants[5])),
          adaptive_(constants[6] != T(0)) {}

    // The new value of a weight; states are changed in place.
    CHAINRULE_INLINE V operator()(V w, V g, V* states) const {
      V &m = states[0], &v = states[1];
      m = fma(beta1_, m, rest1_ * g);
      v = fma(beta2_, v, rest2_ * g * g);
      const V step = step_size_ * m;
      return w - (adaptive_ ? step / (sqrt(v) + eps_) : step);
    }

   private:
    V beta1_, rest1_, beta2_, rest2_, eps_, step_size_;
    bool adaptive_;
  };
};

}  // namespace chainrule
