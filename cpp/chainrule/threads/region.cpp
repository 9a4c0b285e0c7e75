// How the threads of a region share its parts, and how its caller waits for them.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/threads/region.h"

#include <chrono>
#include <exception>
#include <utility>

#include "chainrule/threads/pool.h"

namespace chainrule {
namespace {

thread_local bool thread_is_in_region = false;

class InsideRegion {
 public:
  InsideRegion() { thread_is_in_region = true; }
  ~InsideRegion() { thread_is_in_region = false; }
  InsideRegion(const InsideRegion&) = delete;
  InsideRegion& operator=(const InsideRegion&) = delete;
};

// How often a waiting caller calls its poll.
constexpr std::chrono::milliseconds kPollInterval{20};

}  // namespace

bool inside_region() { return thread_is_in_region; }

Region::Region(Task task, int count, Worker* workers, const Pool* pool)
    : task_(task),
      count_(count),
      workers_(workers),
      pool_(pool),
      unfinished_(kOnePart * static_cast<std::uint32_t>(count - 1)) {}

Region::Times Region::run(Clock::time_point begin, Poll* poll) {
  const InsideRegion inside;
  Times times;
  try {
    task_.call(task_.f, 0, count_);
    finish(compute_untaken());
    times = wait_for_workers(begin, poll);
  } catch (...) {
    fail(0);
    if (pool_->is_of_this_process()) {
      finish(compute_untaken());
      wait_for_workers(begin, nullptr);
      take_errors();
    }
    throw;
  }
  if (cancelled()) std::rethrow_exception(take_errors());
  return times;
}

void Region::run_on_worker(Worker& first) {
  const InsideRegion inside;
  first.computes_on.store(this_cpu(), std::memory_order_relaxed);
  float_state_.apply();
  compute(first);
  const std::uint32_t computed = 1 + compute_untaken();
  first.computes_on.store(Worker::kNotComputing, std::memory_order_relaxed);
  finish(computed);
}

// Parts above one that has failed are left out: their exceptions would not be the lowest.
void Region::compute(Worker& worker) {
  const int index = worker.index();
  if (lowest_failed_.load(std::memory_order_relaxed) < index) return;
  try {
    task_.call(task_.f, index, count_);
  } catch (...) {
    worker.error = std::current_exception();
    fail(index);
  }
}

std::uint32_t Region::compute_untaken() {
  std::uint32_t computed = 0;
  for (Worker* worker = workers_; worker; worker = worker->next) {
    if (!worker->take()) continue;
    compute(*worker);
    ++computed;
  }
  return computed;
}

// The last thing a worker does here: the region may be gone afterwards.
void Region::finish(std::uint32_t parts) {
  if (parts == 0) return;
  const std::uint32_t done = kOnePart * parts;
  if (unfinished_.fetch_sub(done, std::memory_order_acq_rel) == (done | kHasSleepers)) {
    wake_sleepers(&unfinished_);
  }
}

void Region::fail(int index) {
  int lowest = lowest_failed_.load(std::memory_order_relaxed);
  while (index < lowest &&
         !lowest_failed_.compare_exchange_weak(lowest, index, std::memory_order_relaxed)) {
  }
}

Region::Times Region::wait_for_workers(Clock::time_point begin, Poll* poll) {
  const auto finished = [](std::uint32_t unfinished) { return unfinished < kOnePart; };
  if (finished(unfinished_.load(std::memory_order_acquire))) return {};
  const auto end_of_work = Clock::now();
  bool slept = false;
  const auto before_sleep = [&] {
    pool_->check_process();
    if (poll) (*poll)();
    if (slept) return;
    slept = true;
    for (Worker* worker = workers_; worker; worker = worker->next) {
      worker->late = worker->computes_on.load(std::memory_order_relaxed) != Worker::kNotComputing;
    }
  };
  const auto on_cpu_of_a_worker = [&] {
    for (Worker* worker = workers_; worker; worker = worker->next) {
      if (is_this_cpu(worker->computes_on.load(std::memory_order_relaxed))) return true;
    }
    return false;
  };
  Spin spin;
  wait_until(
      unfinished_, finished, [&] { return spin.again(on_cpu_of_a_worker); }, before_sleep,
      poll ? kPollInterval : kNoTimeout);
  if (!slept) return {};
  return {end_of_work - begin, Clock::now() - end_of_work};
}

std::exception_ptr Region::take_errors() {
  std::exception_ptr lowest;
  for (Worker* worker = workers_; worker; worker = worker->next) {
    std::exception_ptr error = std::exchange(worker->error, nullptr);
    if (!lowest) lowest = std::move(error);
  }
  return lowest;
}

}  // namespace chainrule
