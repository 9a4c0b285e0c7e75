// Where long work lets its caller in: between tiles, at most every 20 ms, the caller's hook runs and may throw.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <functional>
#include <utility>

namespace chainrule {

class Poll {
 public:
  Poll() = default;
  explicit Poll(std::function<void()> hook) : hook_(std::move(hook)) {}

  void operator()() {
    if (!hook_) return;
    const auto now = Clock::now();
    if (last_ == Clock::time_point()) last_ = now;  // the first call
    if (now - last_ < kInterval) return;
    last_ = now;
    hook_();
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kInterval{20};
  std::function<void()> hook_;
  Clock::time_point last_{};
};

}  // namespace chainrule
