// Every new and delete of the C++ tests is counted, and may be made to fail.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>

namespace chainrule {

extern std::atomic<std::int64_t> n_allocations, n_deletions;

// How many more allocations succeed before one fails; below 0, all do.
extern std::atomic<std::int64_t> allocations_to_failure;

inline std::int64_t live_allocations() { return n_allocations - n_deletions; }

}  // namespace chainrule
