// The activations, as formulas on a vector V. An elementwise member offers forward(z) and slope(a or z) =
// f'(z) for each neuron, as its kSlopeReads says; the others forward and backward for a row of neurons.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/elu.h"
#include "chainrule/activations/exponential.h"
#include "chainrule/activations/gelu.h"
#include "chainrule/activations/gelu_tanh.h"
#include "chainrule/activations/hard_sigmoid.h"
#include "chainrule/activations/hard_swish.h"
#include "chainrule/activations/identity.h"
#include "chainrule/activations/leaky_relu.h"
#include "chainrule/activations/mish.h"
#include "chainrule/activations/output_range.h"
#include "chainrule/activations/relu.h"
#include "chainrule/activations/relu6.h"
#include "chainrule/activations/selu.h"
#include "chainrule/activations/sigmoid.h"
#include "chainrule/activations/silu.h"
#include "chainrule/activations/softmax.h"
#include "chainrule/activations/softplus.h"
#include "chainrule/activations/softsign.h"
#include "chainrule/activations/tanh.h"
#include "chainrule/members.h"

namespace chainrule {

using Activations =
    TypeList<Identity, Sigmoid, Relu, LeakyRelu, Tanh, Gelu, Softmax, Elu, Selu, GeluTanh, Silu,
             Mish, Softplus, Softsign, Relu6, HardSigmoid, HardSwish, Exponential>;
using Activation = Choice<Activations>;

inline bool is_elementwise(const Activation& activation) {
  return Activations::visit<bool>(activation.index,
                                  [](auto member) { return decltype(member)::type::kElementwise; });
}

// Whether the way back needs f'(z) beside a.
inline bool slope_reads_z(const Activation& activation) {
  return Activations::visit<bool>(activation.index, [](auto member) {
    return decltype(member)::type::kSlopeReads == SlopeReads::kZ;
  });
}

inline OutputRange output_range(int activation) {
  return Activations::visit<OutputRange>(
      activation, [](auto member) { return kOutputsOf<typename decltype(member)::type>; });
}

}  // namespace chainrule
