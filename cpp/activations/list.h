// The activations, as formulas on a vector V of numbers. An elementwise member offers forward(z) and slope(a) = f'(z)
// for each neuron, written with its activation a; the others forward and backward for a row of neurons.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "activations/identity.h"
#include "activations/relu.h"
#include "activations/sigmoid.h"
#include "activations/softmax.h"
#include "activations/tanh.h"
#include "type_list.h"

namespace chainrule {

using Activations = TypeList<Identity, Sigmoid, Relu, Tanh, Softmax>;

}  // namespace chainrule
