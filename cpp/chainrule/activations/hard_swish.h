// a = z relu6(z + 3) / 6: z times a hard sigmoid
// Howard et al.: "Searching for MobileNetV3", arXiv 1905.02244, section 5.2
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/hard_sigmoid.h"

namespace chainrule {

struct HardSwish {
  static constexpr const char* kName = "hard_swish";
  static constexpr const char* kElsewhere[] = {"hardswish", "hard_silu"};
  static constexpr bool kElementwise = true;
  // Two z between -3 and 0 have the same a.
  static constexpr SlopeReads kSlopeReads = SlopeReads::kZ;
  static constexpr MaxError kMaxError = {2.5, 1};

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    CHAINRULE_INLINE V forward(V z) const {
      return z * HardSigmoid::Formula<V>(nullptr).forward(z);
    }

    // f'(z) = z / 3 + 1 / 2 between the kinks; at these that of the line outside
    CHAINRULE_INLINE V slope(V z) const {
      const V half = V::set(Number(0.5)), three = V::set(3);
      const V inside = fma(V::set(Number(1) / 3), z, half);
      return select(z <= -three, V::zero(), select(z < three, inside, V::set(1)));
    }

   private:
    using Number = typename V::Number;
  };
};

}  // namespace chainrule
