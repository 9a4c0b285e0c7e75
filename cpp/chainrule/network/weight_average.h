// The exponential moving average of a network's weights over the steps of its trainings.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/memory/aligned_block.h"

namespace chainrule {

// After step t average_t = d average_(t-1) + (1 - d) w_t, where d is the optimizer's number ema; average_1 = w_1, as in Keras and
// in PyTorch's AveragedModel.
template <class T>
struct WeightAverage {
  AlignedBlock<T> values;  // (n_parameters,), none before the first training with an average
  std::int64_t steps = 0;  // that are in it

  bool any() const { return steps > 0; }
};

}  // namespace chainrule
