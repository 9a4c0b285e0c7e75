// Which workers a region gets.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/threads/team.h"

#include <algorithm>
#include <chrono>

#include "chainrule/threads/limit.h"
#include "chainrule/threads/per_process.h"

namespace chainrule {
namespace {

using namespace std::chrono_literals;

// Where other programs use the CPUs, a worker is soon interrupted within a part, for a time slice of 3 to 4 ms, and its
// caller waits in vain: as long as it would have taken to do all alone, and kSpin more. Resting 8 times as long limits
// the loss to an eighth; doubling the rest, to less than a hundredth. 500 ms after the others have gone it is over.
constexpr int kRestPerWait = 8;
constexpr Clock::duration kLongestRest = 500ms;
// A worker that finds itself on its caller's CPU has interrupted it for about 10 us.
constexpr Clock::duration kRestInCrowd = 1ms;

// A rest for a worker that has no CPU of its own at this moment; at least doubled if it has worked for less than that
// since the last one. An interruption now and then, such as a virtual machine has, does not add up.
void let_rest(Worker& worker, Clock::time_point now, Clock::duration rest) {
  const bool again = now < worker.rests_until + rest;
  if (again) rest = std::max(rest, 2 * worker.rest);
  worker.rest = std::min(rest, kLongestRest);
  worker.rests_until = now + worker.rest;
}

// The region that a team is in.
class Current {
 public:
  Current(const Region*& current, const Region& region) : current_(current) { current_ = &region; }
  ~Current() { current_ = nullptr; }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  const Region*& current_;
};

}  // namespace

Team::Team(int n_threads) {
  if (n_threads <= 1 || inside_region()) return;
  pool_ = &PerProcess<Pool>::get();
  lease_ = pool_->lease(std::min(n_threads, kMaxThreads) - 1);
  awake_ = std::min(lease_.count, usable_cpus() - 1);
}

Team::~Team() {
  if (lease_.first && pool_->is_of_this_process()) pool_->give_back(lease_);
}

// Those who are to take part, and their number.
int Team::choose(Clock::time_point now) {
  if (lease_.first && !pool_->is_of_this_process()) lease_ = {};
  int chosen = 0;
  for (Worker* worker = lease_.first; worker; worker = worker->next) {
    if (worker->crowded.load(std::memory_order_relaxed)) {
      worker->crowded.store(false, std::memory_order_relaxed);
      let_rest(*worker, now, kRestInCrowd);
    }
    worker->chosen = oversized() || worker->rests_until <= now;
    chosen += worker->chosen;
  }
  return chosen;
}

void Team::run_region(Task task, Poll* poll) {
  const auto begin = Clock::now();
  const int count = 1 + choose(begin);
  if (count == 1) return task.call(task.f, 0, 1);
  Region region(task, count, lease_.first, pool_);
  const Current current(region_, region);
  int index = 0;
  for (Worker* worker = lease_.first; worker; worker = worker->next) {
    if (!worker->chosen) continue;
    ++index;
    // Those that have no CPU are not woken: others take their parts.
    worker->post(region, index, index <= awake_);
  }
  const Region::Times times = region.run(begin, poll);
  if (times.wait <= times.work + kSpin) return;
  for (Worker* worker = lease_.first; worker; worker = worker->next) {
    if (worker->late) let_rest(*worker, begin + times.work + times.wait, kRestPerWait * times.wait);
  }
}

}  // namespace chainrule
