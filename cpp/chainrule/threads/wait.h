// How a thread waits for another: it spins for a moment, then sleeps. Bit 0 of a word that threads wait on says that
// someone sleeps, so that who changes the word calls the system only if there is someone to wake.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "chainrule/threads/sleep.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif
#if defined(CHAINRULE_LINUX_THREADS)
#include <sched.h>
#endif

namespace chainrule {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kHasSleepers = 1;

// The least distance between what different threads write: two cache lines, since CPUs fetch them in pairs.
constexpr std::size_t kDestructiveInterference = 128;

inline void relax_cpu() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
  asm volatile("isb");  // a pause of about 20 ns; `yield` does nothing on most cores
#endif
}

// The CPU that this thread runs on, kNoCpu where the system does not tell at once (Linux takes 2 ns).
constexpr int kNoCpu = -1;
inline int this_cpu() {
#if defined(CHAINRULE_LINUX_THREADS)
  return sched_getcpu();
#else
  return kNoCpu;
#endif
}
inline bool is_this_cpu(int cpu) { return cpu != kNoCpu && cpu == this_cpu(); }

// For how long a thread spins. Longer than parts differ and than what a caller does between two regions of a step;
// waking a sleeper costs the caller 2 to 5 us, and the sleeper comes 4 to 20 us later.
constexpr Clock::duration kSpin = std::chrono::microseconds(50);

// Spins for kSpin, and looks at a clock and at other things once in a while only: a look costs as much as handing a
// part to a spinning thread.
class Spin {
 public:
  // Passes a moment; false when the time is over or spinning is futile.
  template <class Futile>
  bool again(const Futile& futile) {
    relax_cpu();
    if (++rounds_ % kRoundsPerLook != 0) return true;
    if (futile()) return false;
    const auto now = Clock::now();
    if (rounds_ == kRoundsPerLook) begin_ = now;
    return now - begin_ < kSpin;
  }

 private:
  static constexpr int kRoundsPerLook = 32;
  int rounds_ = 0;
  Clock::time_point begin_{};
};

// Waits until ready(word) and returns that word. Spins as long as spin_again() is true, then calls before_sleep(),
// which may throw, and sleeps for `timeout` at most.
template <class Ready, class SpinAgain, class BeforeSleep>
std::uint32_t wait_until(std::atomic<std::uint32_t>& word, const Ready& ready,
                         const SpinAgain& spin_again, const BeforeSleep& before_sleep,
                         std::chrono::milliseconds timeout = kNoTimeout) {
  std::uint32_t seen = word.load(std::memory_order_acquire);
  while (!ready(seen)) {
    if (!spin_again()) {
      before_sleep();
      const std::uint32_t asleep = seen | kHasSleepers;
      if (seen == asleep || word.compare_exchange_strong(seen, asleep, std::memory_order_relaxed)) {
        sleep_while_equal(word, asleep, timeout);
      }
    }
    seen = word.load(std::memory_order_acquire);
  }
  return seen;
}

}  // namespace chainrule
