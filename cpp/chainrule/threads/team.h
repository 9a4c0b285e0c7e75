// The threads of one call, such as a fit: its caller and the workers that it leases meanwhile. They spin between the
// regions of the call and sleep as soon as it is over.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <thread>
#include <type_traits>

#include "chainrule/poll.h"
#include "chainrule/threads/pool.h"
#include "chainrule/threads/region.h"

namespace chainrule {

class Team {
 public:
  // Leases up to n_threads - 1 workers, fewer where other teams have them, none inside a region.
  explicit Team(int n_threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // The most parts that a region of this team is divided in.
  int size() const { return lease_.count + 1; }

  // Calls f(index, count) once for each index in [0, count), count <= size(), and returns when all have ended.
  // Index 0 runs on the caller's thread and should have no less to do than the others. Two indices may run on one
  // thread, one after the other, so that nobody waits for a thread that has no CPU: none may wait for another. `count`
  // changes from region to region; results must not depend on it. After an exception parts may be left out; the one of
  // the lowest index comes out here. `poll` is called on the caller's thread while it waits for the others.
  template <class F>
  void run(F&& f, Poll* poll = nullptr) {
    if (!lease_.first) return static_cast<void>(f(0, 1));
    using Function = std::remove_reference_t<F>;
    const auto call = [](void* function, int index, int count) {
      (*static_cast<Function*>(function))(index, count);
    };
    run_region({call, const_cast<void*>(static_cast<const void*>(std::addressof(f)))}, poll);
  }

  // Inside f: whether this is the caller's thread, which may compute parts of workers that do not come.
  bool on_callers_thread() const {
    return !lease_.first || std::this_thread::get_id() == callers_thread_;
  }

  // Inside f: another part has failed, so this one may end early.
  bool cancelled() const { return region_ && region_->cancelled(); }

 private:
  void run_region(Task task, Poll* poll);
  int choose_workers(Clock::time_point now);
  // More threads than CPUs: what was asked for, and some of them always wait.
  bool oversubscribed() const { return workers_with_cpu_ < lease_.count; }

  const std::thread::id callers_thread_ = std::this_thread::get_id();
  Pool* pool_ = nullptr;
  Pool::Lease lease_;
  // As many workers, the first of the lease, as there are CPUs beside the caller's.
  int workers_with_cpu_ = 0;
  const Region* region_ = nullptr;
};

}  // namespace chainrule
