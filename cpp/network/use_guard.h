// Who uses an object at this moment: any number of readers, or one writer alone. Nobody waits: the second gets
// ConcurrentUseError.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <string>

#include "error.h"

namespace chainrule {

class Uses {
 public:
  class Shared {
   public:
    Shared(Uses& uses, const char* what) : uses_(uses) {
      int count = uses_.count_.load(std::memory_order_relaxed);
      do {
        if (count == kWriter) refuse(what, "being trained");
      } while (!uses_.count_.compare_exchange_weak(count, count + 1, std::memory_order_acquire,
                                                   std::memory_order_relaxed));
    }
    ~Shared() { uses_.count_.fetch_sub(1, std::memory_order_release); }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

   private:
    Uses& uses_;
  };

  class Exclusive {
   public:
    Exclusive(Uses& uses, const char* what) : uses_(uses) {
      int count = 0;
      if (!uses_.count_.compare_exchange_strong(count, kWriter, std::memory_order_acquire)) {
        refuse(what, count == kWriter ? "being trained" : "in use");
      }
    }
    ~Exclusive() { uses_.count_.store(0, std::memory_order_release); }
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

   private:
    Uses& uses_;
  };

 private:
  static constexpr int kWriter = -1;

  [[noreturn]] static void refuse(const char* what, const char* state) {
    throw ConcurrentUseError(
        std::string("this ") + what + " is " + state +
        " by another call at this moment; work on a copy, or wait for that call");
  }

  std::atomic<int> count_{0};
};

}  // namespace chainrule
