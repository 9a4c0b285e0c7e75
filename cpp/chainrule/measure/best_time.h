// How long something short takes, whatever else the machine does meanwhile.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "chainrule/poll.h"

namespace chainrule {

// The seconds that one call of f takes: the mean of a run of some 10 ms, in the best of several runs, since whatever
// else happens only adds. A fifth of a second in all, or three calls where one takes longer.
template <class F>
double best_seconds(F&& f, Poll& poll) {
  using Clock = std::chrono::steady_clock;
  constexpr double kRun = 0.01, kAll = 0.2;
  const auto seconds_of = [&](std::int64_t calls) {
    poll();
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < calls; ++i) f();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  // The first runs also wake up threads and warm up caches and clocks.
  std::int64_t calls = 1;
  double seconds = seconds_of(calls);
  for (; seconds < kRun / 2; seconds = seconds_of(calls)) calls *= 2;
  double best = seconds, all = seconds;
  for (int run = 1; run < 3 || all < kAll; ++run) {
    seconds = seconds_of(calls);
    best = std::min(best, seconds);
    all += seconds;
  }
  return best / static_cast<double>(calls);
}

}  // namespace chainrule
