// Who uses an object at this moment: any number of readers, or one writer alone, who may let its own thread read in
// between. Nobody waits: the second gets ConcurrentUseError. A forked child starts with no uses: the threads that its
// parent's belong to are not in it.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace chainrule {

class UseGuard {
 public:
  // `what` is the object in the error's words: "network".
  class Shared {
   public:
    Shared(UseGuard& uses, const char* what) : uses_(uses), process_(uses.begin_shared(what)) {}
    ~Shared() { uses_.end(process_, 1); }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

   private:
    UseGuard& uses_;
    std::uint32_t process_;
  };

  class Exclusive {
   public:
    Exclusive(UseGuard& uses, const char* what)
        : uses_(uses), process_(uses.begin_exclusive(what)) {}
    ~Exclusive() { uses_.end(process_, kWriter); }
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

   private:
    UseGuard& uses_;
    std::uint32_t process_;
  };

  // Made by the writer: while this lives, its thread may read.
  class OpenToThisThread {
   public:
    explicit OpenToThisThread(UseGuard& uses) : uses_(uses) {
      uses_.open_to_ = std::this_thread::get_id();
    }
    ~OpenToThisThread() { uses_.open_to_ = std::thread::id(); }
    OpenToThisThread(const OpenToThisThread&) = delete;
    OpenToThisThread& operator=(const OpenToThisThread&) = delete;

   private:
    UseGuard& uses_;
  };

 private:
  static constexpr std::uint32_t kWriter = std::uint32_t{1} << 31;

  // Each adds to the count and returns the number of the process that it counts for.
  std::uint32_t begin_shared(const char* what);
  std::uint32_t begin_exclusive(const char* what);
  void end(std::uint32_t process, std::uint32_t count);
  bool is_open_to_this_thread() const { return open_to_.load() == std::this_thread::get_id(); }
  [[noreturn]] void refuse(const char* what, bool is_trained) const;

  // The number of the process among its forked ancestors in the upper half, the count in the lower.
  std::atomic<std::uint64_t> state_{0};
  // The writer's, as long as it may read; no thread otherwise.
  std::atomic<std::thread::id> open_to_{std::thread::id()};
};

}  // namespace chainrule
