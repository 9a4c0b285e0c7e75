// The end of a training's last whole epoch, or its beginning: what it goes back to where it diverges.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/network/life_counts.h"
#include "chainrule/network/optimizer.h"
#include "chainrule/network/position.h"

namespace chainrule {

template <class T>
struct LastEpoch {
  bool kept = false;
  std::vector<T> parameters{};
  typename Optimizer::Session<T>::Snapshot optimizer{};
  LifeCounts life{};
  std::int64_t steps = 0;  // finished in the training

  // As a part of a position and its arrays.
  void write_to(Position& position) const;
  // Throws std::invalid_argument where it is not there or does not fit. The optimizer's part has that of the session, whose
  // sizes and names count.
  void read_from(const Position& position, std::int64_t n_parameters);
};

}  // namespace chainrule
