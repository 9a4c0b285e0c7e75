// The activations, as formulas on a vector V of numbers. An elementwise member offers forward(z) and slope(a) = f'(z)
// for each neuron, written with its activation a; the others forward and backward for a row of neurons.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/identity.h"
#include "chainrule/activations/relu.h"
#include "chainrule/activations/sigmoid.h"
#include "chainrule/activations/softmax.h"
#include "chainrule/activations/tanh.h"
#include "chainrule/type_list.h"

namespace chainrule {

using Activations = TypeList<Identity, Sigmoid, Relu, Tanh, Softmax>;

}  // namespace chainrule
