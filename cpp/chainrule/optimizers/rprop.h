// Rprop: w := w - d sign(g), d larger where g = dC/dw has the sign of the step before, smaller where it has the other one; then the
// weight waits a step. For the gradient of all samples: noise in it changes signs, and steps become small.
// Riedmiller, Braun: "A direct adaptive method for faster backpropagation learning", ICNN 1993; PyTorch's definition.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>

#include "chainrule/inline.h"
#include "chainrule/optimizers/sign.h"
#include "chainrule/optimizers/weight_decay.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct Rprop {
  static constexpr const char* kName = "rprop";
  static constexpr const char* kElsewhere[] = {"resilient_backpropagation"};
  static constexpr Parameter kParameters[] = {
      {"learning_rate", 0.01, Allowed::kNotNegative, "d of the first step"},
      {"etas[0]", 0.5, Allowed::kPositiveFraction, "factor of d after a change of sign"},
      {"etas[1]", 1.2, Allowed::kAboveOne, "factor of d after the same sign"},
      {"step_sizes[0]", 1e-6, Allowed::kNotNegative, "the smallest d"},
      {"step_sizes[1]", 50, Allowed::kPositive, "the largest d"}};
  static constexpr bool kReadsRateOnce = true;
  static void check(const double* numbers) {
    require(numbers[3] <= numbers[4], "step_sizes[0]",
            "at most step_sizes[1] = " + text_of(numbers[4]), numbers[3]);
  }

  // The gradient of the step before, 0 where the weight has waited; and d.
  static constexpr const char* kStates[] = {"g", "d"};
  static constexpr unsigned kStateSets[] = {0b11};
  static unsigned state_set(const double* /*numbers*/) { return 0b11; }
  static double first_value(int state, const double* numbers) {
    return state == 1 ? numbers[0] : 0;
  }

  static WeightDecay weight_decay(const double* /*numbers*/) { return {}; }

  static constexpr int kConstants = 4;
  static std::array<double, kConstants> constants(const double* numbers, std::int64_t /*step*/) {
    return {numbers[1], numbers[2], numbers[3], numbers[4]};
  }

  template <class V, unsigned /*kStateSet*/>
  class Step {
   public:
    template <class T>
    explicit Step(const T* constants)
        : smaller_(V::set(constants[0])),
          larger_(V::set(constants[1])),
          least_(V::set(constants[2])),
          most_(V::set(constants[3])) {}

    // The new value of a weight; states are changed in place.
    CHAINRULE_INLINE V operator()(V w, V g, V* states) const {
      V &before = states[0], &d = states[1];
      // Of the sign of g times the gradient before, and not 0 where that product would be too small for the type.
      const V agreement = sign(g) * before;
      const auto changed = agreement < V::zero();
      d = select(agreement > V::zero(), d * larger_, select(changed, d * smaller_, d));
      d = min(max(d, least_), most_);
      before = select(changed, V::zero(), g);
      return w - sign(before) * d;
    }

   private:
    V smaller_, larger_, least_, most_;
  };
};

}  // namespace chainrule
