// Where the threads of a region meet between phases. When one of them fails, the others leave by an exception: nobody
// goes on from a phase that is incomplete.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>

#include "chainrule/threads/wait.h"

namespace chainrule {

class Pool;

class Barrier {
 public:
  Barrier(int count, const Pool* pool, SpinLimit& spin_limit)
      : count_(static_cast<std::uint32_t>(count)), pool_(pool), spin_limit_(spin_limit) {}
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  // Returns when all threads of the region have come, and shows each what the others wrote before.
  // Throws Broken where one of them never will.
  void wait();

  struct Broken {};
  void break_up();

 private:
  static constexpr std::uint32_t kBroken = 2, kOnePhase = 4;

  const std::uint32_t count_;
  const Pool* const pool_;
  SpinLimit& spin_limit_;
  alignas(kApart) std::atomic<std::uint32_t> arrived_{0};
  alignas(kApart) std::atomic<std::uint32_t> phase_{0};  // also: bits kSomeoneSleeps and kBroken
};

}  // namespace chainrule
