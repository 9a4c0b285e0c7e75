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
// caller waits in vain: as long as it would have taken to do all alone, and kSpin more. To do without it for 8 times as
// long limits the loss to an eighth; to double that time, to less than a hundredth. It is over 500 ms after the others
// have gone.
constexpr int kBackOffPerWait = 8;
constexpr Clock::duration kLongestBackOff = 500ms;
// A worker that finds itself on its caller's CPU has interrupted it for about 10 us.
constexpr Clock::duration kBackOffOnCallersCpu = 1ms;

// Does without a worker that has no CPU of its own at this moment; for at least twice as long as the last time if it
// has worked for less than that since. An interruption now and then, such as a virtual machine has, does not add up.
void back_off(Worker& worker, Clock::time_point now, Clock::duration time) {
  const bool again = now < worker.backs_off_until + time;
  if (again) time = std::max(time, 2 * worker.back_off_time);
  worker.back_off_time = std::min(time, kLongestBackOff);
  worker.backs_off_until = now + worker.back_off_time;
}

// The region that a team is in.
class CurrentRegion {
 public:
  CurrentRegion(const Region*& current, const Region& region) : current_(current) {
    current_ = &region;
  }
  ~CurrentRegion() { current_ = nullptr; }
  CurrentRegion(const CurrentRegion&) = delete;
  CurrentRegion& operator=(const CurrentRegion&) = delete;

 private:
  const Region*& current_;
};

}  // namespace

Team::Team(int n_threads) {
  if (n_threads <= 1 || inside_region()) return;
  pool_ = &PerProcess<Pool>::get();
  lease_ = pool_->lease(std::min(n_threads, kMaxThreads) - 1);
  workers_with_cpu_ = std::min(lease_.count, usable_cpus() - 1);
}

Team::~Team() {
  if (lease_.first && pool_->is_of_this_process()) pool_->give_back(lease_);
}

// Marks the workers that the next region uses, and returns their number.
int Team::choose_workers(Clock::time_point now) {
  if (lease_.first && !pool_->is_of_this_process()) lease_ = {};
  int chosen = 0;
  for (Worker* worker = lease_.first; worker; worker = worker->next) {
    if (worker->was_on_callers_cpu.load(std::memory_order_relaxed)) {
      worker->was_on_callers_cpu.store(false, std::memory_order_relaxed);
      back_off(*worker, now, kBackOffOnCallersCpu);
    }
    worker->chosen = oversubscribed() || worker->backs_off_until <= now;
    chosen += worker->chosen;
  }
  return chosen;
}

void Team::run_region(Task task, Poll* poll) {
  const auto begin = Clock::now();
  const int count = 1 + choose_workers(begin);
  if (count == 1) return task.call(task.f, 0, 1);
  Region region(task, count, lease_.first, pool_);
  const CurrentRegion current(region_, region);
  int index = 0;
  for (Worker* worker = lease_.first; worker; worker = worker->next) {
    if (!worker->chosen) continue;
    ++index;
    // Those without a CPU are not woken: others take their parts.
    worker->post(region, index, index <= workers_with_cpu_);
  }
  const Region::Times times = region.run(begin, poll);
  if (times.wait <= times.work + kSpin) return;
  const auto end = begin + times.work + times.wait;
  for (Worker* worker = lease_.first; worker; worker = worker->next) {
    if (worker->late) back_off(*worker, end, kBackOffPerWait * times.wait);
  }
}

}  // namespace chainrule
