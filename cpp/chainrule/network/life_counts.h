// What trainings have done to a network over its life.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace chainrule {

struct LifeCounts {
  std::int64_t epochs_begun = 0;  // the next one is shuffled by this number
  std::int64_t steps_made = 0;    // finished ones
};

}  // namespace chainrule
