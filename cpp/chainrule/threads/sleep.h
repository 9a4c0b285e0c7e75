// How a thread sleeps until a word in memory changes: a futex on Linux, a table of condition variables elsewhere.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

// What only Linux has; CHAINRULE_PORTABLE_THREADS leaves it out there too, so that the rest can be tested.
#if defined(__linux__) && !defined(CHAINRULE_PORTABLE_THREADS)
#define CHAINRULE_LINUX_THREADS 1
#endif

namespace chainrule {

constexpr auto kNoTimeout = std::chrono::milliseconds::max();

// Sleeps while `word` has this value, until it is woken or the time is over; may return early for no reason.
void sleep_while_equal(const std::atomic<std::uint32_t>& word, std::uint32_t value,
                       std::chrono::milliseconds timeout = kNoTimeout);

// Wakes those who sleep on `word`. It is an address only: the word itself may be gone by now.
void wake_sleepers(const std::atomic<std::uint32_t>* word);

}  // namespace chainrule
