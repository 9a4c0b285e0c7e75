// What a plan has room for, and what a caller wants room for.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace chainrule {

struct Capacity {
  std::int64_t max_rows = 0;    // of a batch
  std::int64_t usual_rows = 0;  // of most batches: to choose by, not to rely on
  bool trains = false;          // goes backward, too; predictions and costs go forward only
  int threads = 1;              // of the team at most
  bool shows = false;  // goes back through all layers, for others to look at, whatever is frozen
};

}  // namespace chainrule
