// The last thread to arrive begins the next phase; the others wait for it.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/threads/barrier.h"

#include "chainrule/threads/pool.h"

namespace chainrule {

void Barrier::wait() {
  // Nothing but the two bits can change before this thread arrives.
  const std::uint32_t phase = phase_.load(std::memory_order_relaxed) & ~kSomeoneSleeps;
  if (phase & kBroken) throw Broken();
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count_) {
    arrived_.store(0, std::memory_order_relaxed);
    const std::uint32_t before = phase_.exchange(phase + kOnePhase, std::memory_order_acq_rel);
    if (before & kSomeoneSleeps) wake_sleepers(&phase_);
    return;
  }
  bool slept = false;
  Spin spin(spin_limit_.get());
  const std::uint32_t now = wait_until(
      phase_, [&](std::uint32_t word) { return (word & ~kSomeoneSleeps) != phase; },
      [&] { return spin.again([] { return false; }); },
      [&] {
        pool_->check_process();
        slept = true;
      });
  spin_limit_.learn(slept);
  // A thread that has passed this meeting and failed after it does not undo it.
  if (now == (phase | kBroken) || now == (phase | kBroken | kSomeoneSleeps)) throw Broken();
}

// Who calls this never arrives, so no thread begins a next phase meanwhile.
void Barrier::break_up() {
  phase_.fetch_or(kBroken, std::memory_order_acq_rel);
  wake_sleepers(&phase_);
}

}  // namespace chainrule
