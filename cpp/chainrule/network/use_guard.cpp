// Counting of uses, by process.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/use_guard.h"

#include <string>

#include "chainrule/error.h"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace chainrule {
namespace {

std::atomic<std::uint32_t> process_number{0};

bool count_forks() {
#if defined(__unix__) || defined(__APPLE__)
  return pthread_atfork(nullptr, nullptr, [] { ++process_number; }) == 0;
#else
  return true;  // no fork here
#endif
}
const bool kForksAreCounted = count_forks();

std::uint64_t state_of(std::uint32_t process, std::uint32_t count) {
  return std::uint64_t{process} << 32 | count;
}
std::uint32_t count_of(std::uint64_t state, std::uint32_t process) {
  return state >> 32 == process ? static_cast<std::uint32_t>(state) : 0;
}

}  // namespace

void UseGuard::refuse(const char* what, bool is_trained) const {
  const std::string name = std::string("this ") + what + " is ";
  if (is_trained && is_open_to_this_thread()) {
    throw ConcurrentUseError(name +
                             "being trained by the call that has called this one back, which may "
                             "read it, but not change it; work on a copy");
  }
  throw ConcurrentUseError(
      name + (is_trained ? "being trained" : "in use") +
      " by another call at this moment; work on a copy, or wait for that call");
}

std::uint32_t UseGuard::begin_shared(const char* what) {
  const std::uint32_t process = process_number;
  std::uint64_t state = state_.load(std::memory_order_relaxed), next;
  do {
    const std::uint32_t count = count_of(state, process);
    if (count & kWriter && !is_open_to_this_thread()) refuse(what, true);
    next = state_of(process, count + 1);
  } while (!state_.compare_exchange_weak(state, next, std::memory_order_acquire,
                                         std::memory_order_relaxed));
  return process;
}

std::uint32_t UseGuard::begin_exclusive(const char* what) {
  const std::uint32_t process = process_number;
  std::uint64_t state = state_.load(std::memory_order_relaxed);
  do {
    const std::uint32_t count = count_of(state, process);
    if (count > 0) refuse(what, (count & kWriter) != 0);
  } while (!state_.compare_exchange_weak(state, state_of(process, kWriter),
                                         std::memory_order_acquire, std::memory_order_relaxed));
  return process;
}

void UseGuard::end(std::uint32_t process, std::uint32_t count) {
  // A use that began before a fork and ends in the child counts for neither.
  if (process == process_number) state_.fetch_sub(count, std::memory_order_release);
}

}  // namespace chainrule
