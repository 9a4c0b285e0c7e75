// RMSprop: w := w - epsilon g / (sqrt(v) + eps), v a running mean of g^2, g = dC/dw; centered: v less the square of g's running
// mean; with momentum: m := mu m + g / (sqrt(v) + eps), w := w - epsilon m
// Tieleman, Hinton: "Neural networks for machine learning", Coursera 2012, lecture 6.5; centered: Graves, arXiv 1308.0850,
// equations 38 to 41; PyTorch's definition.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>

#include "chainrule/inline.h"
#include "chainrule/optimizers/weight_decay.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct RmsProp {
  static constexpr const char* kName = "rmsprop";
  static constexpr const char* kElsewhere[] = {"rms_prop"};
  static constexpr Parameter kParameters[] = {
      {"learning_rate", 0.01, Allowed::kNotNegative, "the article's epsilon"},
      {"alpha", 0.99, Allowed::kFraction, "of the running means"},
      {"eps", 1e-8, Allowed::kNotNegative, "keeps the division finite"},
      {"momentum", 0.0, Allowed::kFraction, "mu"},
      {"centered", 0.0, Allowed::kFlag, "whether g's mean is taken out of its mean square"},
      {"weight_decay", 0.0, Allowed::kNotNegative, "the part of w that is added to the gradient"}};

  static constexpr unsigned kMean = 0b010, kMomentum = 0b100;
  static constexpr const char* kStates[] = {"v", "mean", "m"};
  static constexpr unsigned kStateSets[] = {0b001, 0b011, 0b101, 0b111};
  static unsigned state_set(const double* numbers) {
    return 0b001 | (numbers[4] != 0 ? kMean : 0) | (numbers[3] > 0 ? kMomentum : 0);
  }
  static double first_value(int /*state*/, const double* /*numbers*/) { return 0; }

  static WeightDecay weight_decay(const double* numbers) { return coupled_decay(numbers[5]); }

  static constexpr int kConstants = 5;
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t /*step*/) {
    return {numbers[0], numbers[1], 1 - numbers[1], numbers[2], numbers[3]};
  }

  template <class V, unsigned kStateSet>
  class Step {
   public:
    template <class T>
    explicit Step(const T* constants)
        : learning_rate_(V::set(constants[0])),
          alpha_(V::set(constants[1])),
          rest_(V::set(constants[2])),
          eps_(V::set(constants[3])),
          momentum_(V::set(constants[4])) {}

    // The new value of a weight; states are changed in place.
    CHAINRULE_INLINE V operator()(V w, V g, V* states) const {
      V& v = states[0];
      v = fma(alpha_, v, rest_ * g * g);
      V variance = v;
      if constexpr ((kStateSet & kMean) != 0) {
        V& mean = states[1];
        mean = fma(alpha_, mean, rest_ * g);
        variance = fma(-mean, mean, v);
        variance = select(variance < V::zero(), V::zero(), variance);  // which rounding makes of 0
      }
      if constexpr ((kStateSet & kMomentum) != 0) {
        V& m = states[(kStateSet & kMean) != 0 ? 2 : 1];
        m = fma(momentum_, m, g / (sqrt(variance) + eps_));
        return fma(-learning_rate_, m, w);
      } else {
        return w - learning_rate_ * g / (sqrt(variance) + eps_);
      }
    }

   private:
    V learning_rate_, alpha_, rest_, eps_, momentum_;
  };
};

}  // namespace chainrule
