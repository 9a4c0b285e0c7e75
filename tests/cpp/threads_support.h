// What tests of threads share: waiting for an event, and parts of a region that run at the same time.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <thread>

#include "chainrule/poll.h"
#include "chainrule/threads/limit.h"
#include "chainrule/threads/team.h"

namespace chainrule {

// A test that waits longer fails.
constexpr std::chrono::seconds kDeadline{120};

// Returns whether condition() has become true before the deadline.
template <class Condition>
bool wait_for(const Condition& condition) {
  const auto deadline = Clock::now() + kDeadline;
  while (!condition()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// Where parts of a region wait for each other. One thread may run several parts, one after the other: then the first
// of them waits in vain, and none of them meets.
class Meeting {
 public:
  Meeting(int parts, Clock::duration patience) : parts_(parts), patience_(patience) {}

  // Whether all parts are here at the same time, hence on different threads: the same for all of them.
  bool wait() {
    int arrived = arrived_.fetch_add(1) + 1;
    const auto deadline = Clock::now() + patience_;
    while (arrived < parts_) {
      if (arrived < 0) return false;
      if (Clock::now() < deadline) {
        std::this_thread::yield();
        arrived = arrived_.load();
      } else if (arrived_.compare_exchange_strong(arrived, kFailed)) {
        return false;
      }
    }
    return true;
  }

 private:
  static constexpr int kFailed = std::numeric_limits<int>::min();  // stays negative

  const int parts_;
  const Clock::duration patience_;
  std::atomic<int> arrived_{0};
};

// As many threads as tests have at the same time.
inline int parallel_threads() { return std::min(usable_cpus(), 4); }
// Of more threads than CPUs: its regions leave out no worker, as those of others do with one that had no CPU lately.
inline int oversubscribed() { return usable_cpus() + 1; }

// Calls f(index) for the first n parts of one region of `team` at the same time, each on a thread of its own. A worker
// that has no CPU at the moment leaves its part to others: then another region is tried, until the deadline. Returns
// whether one has succeeded; throws what f throws. n is at most parallel_threads() and the size of the team.
template <class F>
bool run_at_once(Team& team, int n, F&& f, Poll* poll = nullptr) {
  using namespace std::chrono_literals;
  Clock::duration patience = 1ms;
  return wait_for([&] {
    Meeting meeting(n, patience);
    std::atomic<bool> met{false};
    team.run(
        [&](int index, int count) {
          if (index >= n || count < n || !meeting.wait()) return;
          met = true;
          f(index);
        },
        poll);
    patience = std::min<Clock::duration>(2 * patience, 64ms);
    return met.load();
  });
}

}  // namespace chainrule
