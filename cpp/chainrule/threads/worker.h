// One thread of the pool and its mailbox. A team posts a part of its work there; who takes it first computes it: the
// worker, or another thread of the team that has nothing else to do. So nobody waits for a worker that has no CPU.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>

#include "chainrule/threads/wait.h"

namespace chainrule {

class Region;

class alignas(kDestructiveInterference) Worker {
 public:
  // Starts a thread that serves until the process ends; nullptr where the system has no more threads. Never deleted.
  static Worker* start();

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // For the team that leases the worker, on the thread of its caller. A worker that finds itself on the caller's CPU
  // leaves its part to the caller: else it would only be in the way. One that is not woken comes if it is spinning.
  void post(Region& region, int index, bool wake);
  // No more spinning: the lease is over.
  void release() { word_.fetch_and(~kLeased, std::memory_order_acq_rel); }

  // Whether the posted part is now the caller's to compute.
  bool take() {
    if (!(word_.load(std::memory_order_relaxed) & kPosted)) return false;
    return word_.fetch_and(~kPosted, std::memory_order_acq_rel) & kPosted;
  }
  int index() const { return index_; }

  // What the region notes.
  static constexpr int kNotComputing = -2;
  std::atomic<int> computes_on{kNotComputing};  // the CPU on which the worker itself computes
  std::exception_ptr error;                     // of the part
  bool late = false;  // was still computing it when the caller had spun in vain

  // It has found itself on its caller's CPU.
  std::atomic<bool> was_on_callers_cpu{false};

  // What its owner, the pool or a team, notes: the list it is in, and until when its team does without it.
  Worker* next = nullptr;
  bool chosen = false;  // for the region to come
  Clock::time_point backs_off_until{};
  Clock::duration back_off_time{};

 private:
  static constexpr std::uint32_t kLeased = 2, kPosted = 4;

  Worker() = default;
  [[noreturn]] void serve();

  alignas(kDestructiveInterference) std::atomic<std::uint32_t> word_{0};
  std::atomic<int> callers_cpu_{kNoCpu};
  // Written before a part is posted, read by who has taken it.
  int index_ = 0;
  Region* region_ = nullptr;
};

}  // namespace chainrule
