// a = lambda z where z > 0, else lambda alpha (e^z - 1): the constants for which activations keep mean 0 and variance 1
// Klambauer, Unterthiner, Mayr, Hochreiter: "Self-normalizing neural networks", arXiv 1706.02515, equations 2 and 14
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/max_error.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct Selu {
  static constexpr const char* kName = "selu";
  static constexpr const char* kElsewhere[] = {"scaled_exponential_linear_unit"};
  static constexpr bool kElementwise = true;
  static constexpr SlopeReads kSlopeReads = SlopeReads::kA;
  static constexpr MaxError kMaxError = {2.5, 3};

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* /*numbers*/) {}

    V forward(V z) const {
      return select(z > V::zero(), V::set(kLambda) * z, V::set(kLambdaAlpha) * expm1(z));
    }

    // f'(z) = lambda alpha e^z = a + lambda alpha below 0, and at the kink
    V slope(V a) const { return select(a > V::zero(), V::set(kLambda), a + V::set(kLambdaAlpha)); }

   private:
    using Number = typename V::Number;
    static constexpr Number kLambda = Number(1.0507009873554804934);
    static constexpr Number kLambdaAlpha = Number(1.7580993408473768599);
  };
};

}  // namespace chainrule
