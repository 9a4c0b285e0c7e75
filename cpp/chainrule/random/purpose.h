// What random numbers are drawn for: a part of each counter, so that no two purposes share numbers.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdint.h>

namespace chainrule {

enum class Purpose : uint32_t {
  kInitialParameters = 1,  // index: the layer
  kShuffle = 2,            // index: the epoch
  kNoise = 3,              // random/noise.h has counters of its own
};

}  // namespace chainrule
