// a = relu6(z + 3) / 6: three straight lines in place of a sigmoid
// Howard et al.: "Searching for MobileNetV3", arXiv 1905.02244, section 5.2, as in PyTorch; other definitions differ.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/relu6.h"

namespace chainrule {

struct HardSigmoid {
  static constexpr const char* kName = "hard_sigmoid";
  static constexpr const char* kElsewhere[] = {"hardsigmoid"};
  static constexpr bool kElementwise = true;
  // Close to the kinks, a is rounded to 0 or 1.
  static constexpr SlopeReads kSlopeReads = SlopeReads::kZ;
  static constexpr OutputRange kOutputs{0, 1, true};
  static constexpr MaxError kMaxError = {1.5, 0.5};

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    // 6 times the rounded 1 / 6 is rounded to 1.
    CHAINRULE_INLINE V forward(V z) const {
      return Relu6::Formula<V>(nullptr).forward(z + V::set(3)) * V::set(kSixth);
    }

    // 0 at both kinks
    CHAINRULE_INLINE V slope(V z) const {
      return select(abs(z) < V::set(3), V::set(kSixth), V::zero());
    }

   private:
    using Number = typename V::Number;
    static constexpr Number kSixth = Number(1) / 6;
  };
};

}  // namespace chainrule
