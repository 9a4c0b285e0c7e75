// The parameters of the best epoch of a training, if somebody wants them put back.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "chainrule/memory/aligned_block.h"
#include "chainrule/poll.h"

namespace chainrule {

template <class T>
class BestWeights {
 public:
  // All memory is there from the beginning.
  BestWeights(bool wanted, std::int64_t n_parameters, Poll& poll) {
    if (wanted) parameters_ = AlignedBlock<T>(n_parameters, poll);
  }

  bool wanted() const { return parameters_.size() > 0; }
  // Whether some are kept.
  bool any() const { return value_ < kNone; }
  double value() const { return value_; }
  const T* begin() const { return parameters_.data(); }
  const T* end() const { return begin() + parameters_.size(); }

  // Whether those of an epoch with this value, of which less is better, are to be kept. Of equal ones it is the first.
  bool is_better(double value) const { return wanted() && value < value_; }
  template <class From>
  void keep(double value, const From* parameters) {
    std::transform(parameters, parameters + parameters_.size(), parameters_.data(),
                   [](From value) { return static_cast<T>(value); });
    value_ = value;
  }

 private:
  static constexpr double kNone = std::numeric_limits<double>::infinity();
  AlignedBlock<T> parameters_;
  double value_ = kNone;
};

}  // namespace chainrule
