// Weight decay, as PyTorch's optimizers have it.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace chainrule {

// Before a step, w := keeps w and, from the w before that, g := g + adds w; without any, not even the sign of a zero changes.
struct WeightDecay {
  bool any = false;
  double adds = 0, keeps = 1;
};

// As a part of the gradient: that of a cost with weight_decay |w|^2 / 2 more.
inline WeightDecay coupled_decay(double weight_decay) {
  return {weight_decay != 0, weight_decay, 1};
}

// Apart from it. Loshchilov, Hutter: "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
inline WeightDecay decoupled_decay(double learning_rate, double weight_decay) {
  return {weight_decay != 0, 0, 1 - learning_rate * weight_decay};
}

}  // namespace chainrule
