// One parallel region: a function called once for each index, by whom, and what went wrong.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <limits>

#include "chainrule/poll.h"
#include "chainrule/threads/float_state.h"
#include "chainrule/threads/worker.h"

namespace chainrule {

class Pool;

// f(index, count) behind a plain pointer.
struct Task {
  void (*call)(void* f, int index, int count);
  void* f;
};

class Region {
 public:
  // `workers` is the list that holds those of this region.
  Region(Task task, int count, Worker* workers, const Pool* pool);
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  // The caller's share, once the parts 1 to count - 1 are posted: index 0, what nobody has taken, then waiting for the
  // others, during which it calls `poll`. Throws the exception of the lowest index.
  struct Times {
    Clock::duration work{}, wait{};  // 0 where the caller did not have to sleep
  };
  Times run(Clock::time_point begin, Poll* poll);

  // A worker's share: the part that it has taken, and others that nobody has.
  void run_on_worker(Worker& first);

  // Something has failed; what is not done need not be.
  bool cancelled() const { return lowest_failed_.load(std::memory_order_relaxed) != kNone; }

 private:
  static constexpr int kNone = std::numeric_limits<int>::max();
  static constexpr std::uint32_t kOnePart = 2;  // bit 0 is kHasSleepers

  void compute(Worker& worker);
  std::uint32_t compute_untaken();
  void finish(std::uint32_t parts);
  void fail(int index);
  Times wait_for_workers(Clock::time_point begin, Poll* poll);
  std::exception_ptr take_errors();  // the one of the lowest index

  const Task task_;
  const int count_;
  Worker* const workers_;
  const Pool* const pool_;
  const FloatState float_state_ = FloatState::of_this_thread();
  std::atomic<int> lowest_failed_{kNone};
  alignas(kDestructiveInterference) std::atomic<std::uint32_t> unfinished_;
};

// Whether this thread computes a part of a region: a region inside a region runs alone.
bool inside_region();

}  // namespace chainrule
