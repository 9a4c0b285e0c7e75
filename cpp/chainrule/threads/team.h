// The threads of one call, such as a fit: its caller and the workers that it leases meanwhile. They spin between the
// regions of the call and sleep as soon as it is over.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
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

  // Calls f(index, count) once for each index in [0, count), count <= size(), and returns when all have ended: one
  // phase. Index 0 runs on the caller's thread and should have no less to do than the others. Two indices may run on
  // one thread, one after the other, so that nobody waits for a thread that has no CPU. `count` changes from region to
  // region; results must not depend on it. After an exception parts may be left out; the one of the lowest index
  // comes out here. `poll` is let in on the caller's thread while it waits for the others.
  template <class F>
  void run(F&& f, Poll* poll = nullptr) {
    if (!lease_.first) return static_cast<void>(f(0, 1));
    using Function = std::remove_reference_t<F>;
    run_region({[](void* function, int index, int count, Barrier*) {
                  (*static_cast<Function*>(function))(index, count);
                },
                address_of(f)},
               poll);
  }

  // Calls f(index, count, barrier) as run does, but all at the same time, each on a thread of its own, which may meet
  // at barrier.wait(), all of them equally often. A phase costs one way between the threads instead of two, but waits
  // for every thread, whether it has a CPU or not.
  template <class F>
  void run_together(F&& f) {
    using Function = std::remove_reference_t<F>;
    run_region_together({[](void* function, int index, int count, Barrier* barrier) {
                           (*static_cast<Function*>(function))(index, count, *barrier);
                         },
                         address_of(f)});
  }

  // Inside f: another part has failed, so this one may end early.
  bool cancelled() const { return region_ && region_->cancelled(); }

 private:
  template <class F>
  static void* address_of(F& f) {
    return const_cast<void*>(static_cast<const void*>(std::addressof(f)));
  }

  void run_region(Task task, Poll* poll);
  void run_region_together(Task task);
  int choose(Clock::time_point now);
  // More threads than CPUs: what was asked for, and some of them always wait.
  bool oversized() const { return awake_ < lease_.count; }

  Pool* pool_ = nullptr;
  Pool::Lease lease_;
  int awake_ = 0;  // so many workers have a CPU
  SpinLimit spin_limit_;
  const Region* region_ = nullptr;
};

}  // namespace chainrule
