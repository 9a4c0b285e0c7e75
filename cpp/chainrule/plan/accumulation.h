// The gradients of several batches, added up until they make one step: that of one batch with all their samples.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace chainrule {

// What has been added up since the last step.
struct Accumulated {
  std::int64_t batches = 0;
  double weight = 0;  // of their samples
};

template <class T>
struct Accumulation {
  std::int64_t batches_of_step = 1;
  T* sum = nullptr;                    // (n_parameters,): sum over the batches of weight * gradient
  Accumulated* accumulated = nullptr;  // null where every batch makes a step

  bool active() const { return accumulated != nullptr; }
  // Whether the batch that comes now is the last one of a step; `ends`: that it must be.
  bool completes(bool ends) const {
    return !active() || ends || accumulated->batches + 1 >= batches_of_step;
  }
};

}  // namespace chainrule
