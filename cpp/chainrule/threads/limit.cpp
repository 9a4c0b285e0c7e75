// Reading the limits, and choosing a number of threads for a piece of work.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/threads/limit.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "chainrule/threads/cgroup.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace chainrule {
namespace {

constexpr char kVariable[] = "CHAINRULE_NUM_THREADS";
constexpr int kNotSet = 0, kNotRead = -1;

std::atomic<int> limit_of_process{kNotSet};
// Of the scopes that live, the latest last; kNotSet where one has ended.
thread_local std::vector<std::shared_ptr<std::atomic<int>>> limits_of_thread;

// What `read` says at the first call. Two threads may both be the first. (A static local variable would have a lock,
// which a forked child could find held by a thread that it does not have.)
template <class Read>
int once(std::atomic<int>& known, const Read& read) {
  int value = known.load(std::memory_order_relaxed);
  if (value == kNotRead) known.store(value = read(), std::memory_order_relaxed);
  return value;
}
std::atomic<int> cpus_of_hardware{kNotRead}, cpus_of_quota{kNotRead},
    limit_of_environment{kNotRead};

// Asked each time: a parent often gives its children their CPUs after it has forked them.
int cpus_of_affinity() {
#if defined(__linux__)
  cpu_set_t few;
  if (sched_getaffinity(0, sizeof few, &few) == 0) return CPU_COUNT(&few);
  // The kernel refuses a set that is too small for its own.
  for (std::size_t sets = 8; sets <= 64; sets *= 8) {
    std::vector<cpu_set_t> cpus(sets);
    const std::size_t bytes = sets * sizeof(cpu_set_t);
    if (sched_getaffinity(0, bytes, cpus.data()) == 0) return CPU_COUNT_S(bytes, cpus.data());
  }
#endif
  return once(cpus_of_hardware,
              [] { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); });
}

int checked(int n) {
  if (n >= 1) return n;
  throw std::invalid_argument("a number of threads must be >= 1, got " + std::to_string(n));
}

// What was asked for: in the environment, for the process, on this thread. kNotSet for nothing.
int asked_by_environment() {
  return once(limit_of_environment, [] {
    const char* const text = std::getenv(kVariable);
    return text && *text ? parse_num_threads(text) : kNotSet;
  });
}
int asked_of_process() {
  const int n = limit_of_process.load(std::memory_order_relaxed);
  return n != kNotSet ? n : asked_by_environment();
}
int asked_of_thread() {
  for (; !limits_of_thread.empty(); limits_of_thread.pop_back()) {
    const int n = limits_of_thread.back()->load(std::memory_order_relaxed);
    if (n != kNotSet) return n;
  }
  return asked_of_process();
}

int or_usable_cpus(int asked) { return asked != kNotSet ? asked : usable_cpus(); }

}  // namespace

int usable_cpus() {
  const int quota = once(cpus_of_quota, [] { return cgroup_cpus().value_or(kMaxThreads); });
  return std::max(1, std::min(cpus_of_affinity(), quota));
}

int parse_num_threads(const std::string& text) {
  const char *const begin = text.data(), *const end = begin + text.size();
  int n = 0;
  const auto [stop, error] = std::from_chars(begin, end, n);
  const bool too_large = error == std::errc::result_out_of_range && *begin != '-';
  if (stop == end && (too_large || (error == std::errc() && n >= 1))) {
    return too_large ? kMaxThreads : n;
  }
  throw std::invalid_argument(std::string(kVariable) + " must be a whole number >= 1, got \"" +
                              text + "\"");
}

void set_num_threads(int n) { limit_of_process.store(checked(n), std::memory_order_relaxed); }

int num_threads_of_process() { return or_usable_cpus(asked_of_process()); }
int get_num_threads() { return or_usable_cpus(asked_of_thread()); }

void check_num_threads() {
  if (limit_of_environment.load(std::memory_order_relaxed) == kNotRead) asked_of_thread();
}

ThreadsScope::ThreadsScope(int n) : limit_(std::make_shared<std::atomic<int>>(checked(n))) {
  const auto ended = [](const auto& limit) {
    return limit->load(std::memory_order_relaxed) == kNotSet;
  };
  auto& limits = limits_of_thread;
  // One that has ended below others that live would stay for as long as those that are on top of it.
  limits.erase(std::remove_if(limits.begin(), limits.end(), ended), limits.end());
  limits.push_back(limit_);
}
ThreadsScope::~ThreadsScope() { limit_->store(kNotSet, std::memory_order_relaxed); }

}  // namespace chainrule
