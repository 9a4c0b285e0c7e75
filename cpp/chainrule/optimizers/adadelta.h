// Adadelta: d = sqrt(u + eps) / sqrt(v + eps) g, w := w - epsilon d, v and u running means of g^2 and d^2, g = dC/dw
// Zeiler: "ADADELTA: an adaptive learning rate method", arXiv 1212.5701, algorithm 1, where epsilon is 1; PyTorch's definition.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>

#include "chainrule/inline.h"
#include "chainrule/optimizers/weight_decay.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct Adadelta {
  static constexpr const char* kName = "adadelta";
  static constexpr const char* kElsewhere[] = {"ada_delta"};
  static constexpr Parameter kParameters[] = {
      {"learning_rate", 1.0, Allowed::kNotNegative, "the article's epsilon"},
      {"rho", 0.9, Allowed::kFraction, "of the running means"},
      {"eps", 1e-6, Allowed::kNotNegative, "what the first steps are made of"},
      {"weight_decay", 0.0, Allowed::kNotNegative, "the part of w that is added to the gradient"}};

  static constexpr const char* kStates[] = {"v", "u"};
  static constexpr unsigned kStateSets[] = {0b11};
  static unsigned state_set(const double* /*numbers*/) { return 0b11; }
  static double first_value(int /*state*/, const double* /*numbers*/) { return 0; }

  static WeightDecay weight_decay(const double* numbers) { return coupled_decay(numbers[3]); }

  static constexpr int kConstants = 4;
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t /*step*/) {
    return {numbers[0], numbers[1], 1 - numbers[1], numbers[2]};
  }

  template <class V, unsigned /*kStateSet*/>
  class Step {
   public:
    template <class T>
    explicit Step(const T* constants)
        : learning_rate_(V::set(constants[0])),
          rho_(V::set(constants[1])),
          rest_(V::set(constants[2])),
          eps_(V::set(constants[3])) {}

    // The new value of a weight; states are changed in place.
    CHAINRULE_INLINE V operator()(V w, V g, V* states) const {
      V &v = states[0], &u = states[1];
      v = fma(rho_, v, rest_ * g * g);
      // One root of the quotient: with two, the arithmetic would take longer than the way to memory. Without the factor the
      // quotient would be 0 in float32 for gradients of 1e17, whose square still fits.
      const V d = sqrt((u + eps_) * V::set(0x1p40) / (v + eps_)) * g * V::set(0x1p-20);
      u = fma(rho_, u, rest_ * d * d);
      return fma(-learning_rate_, d, w);
    }

   private:
    V learning_rate_, rho_, rest_, eps_;
  };
};

}  // namespace chainrule
