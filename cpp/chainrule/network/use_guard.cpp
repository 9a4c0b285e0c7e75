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

[[noreturn]] void refuse(const char* what, const char* state) {
  throw ConcurrentUseError(
      std::string("this ") + what + " is " + state +
      " by another call at this moment; work on a copy, or wait for that call");
}

}  // namespace

thread_local const UseGuard::OpenToThisThread* UseGuard::OpenToThisThread::innermost_ = nullptr;

bool UseGuard::OpenToThisThread::is_open(const UseGuard& uses) {
  const OpenToThisThread* each = innermost_;
  while (each && &each->uses_ != &uses) each = each->outer_;
  return each != nullptr;
}

std::uint32_t UseGuard::begin_shared(const char* what) {
  const std::uint32_t process = process_number;
  std::uint64_t state = state_.load(std::memory_order_relaxed), next;
  do {
    const std::uint32_t count = count_of(state, process);
    if (count & kWriter && !OpenToThisThread::is_open(*this)) refuse(what, "being trained");
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
    if (count > 0) refuse(what, count & kWriter ? "being trained" : "in use");
  } while (!state_.compare_exchange_weak(state, state_of(process, kWriter),
                                         std::memory_order_acquire, std::memory_order_relaxed));
  return process;
}

void UseGuard::end(std::uint32_t process, std::uint32_t count) {
  // A use that began before a fork and ends in the child counts for neither.
  if (process == process_number) state_.fetch_sub(count, std::memory_order_release);
}

}  // namespace chainrule
