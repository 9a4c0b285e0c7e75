// Who uses an object at this moment: any number of readers, or one writer alone, who may let its own thread read in
// between. Nobody waits: the second gets ConcurrentUseError. A forked child starts with no uses: the threads that its
// parent's belong to are not in it.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>

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

  // While this lives, its thread may read an object that it is the writer of.
  class OpenToThisThread {
   public:
    explicit OpenToThisThread(const UseGuard& uses) : uses_(uses), outer_(innermost_) {
      innermost_ = this;
    }
    ~OpenToThisThread() { innermost_ = outer_; }
    OpenToThisThread(const OpenToThisThread&) = delete;
    OpenToThisThread& operator=(const OpenToThisThread&) = delete;

    static bool is_open(const UseGuard& uses);

   private:
    static thread_local const OpenToThisThread* innermost_;

    const UseGuard& uses_;
    const OpenToThisThread* const outer_;
  };

 private:
  static constexpr std::uint32_t kWriter = std::uint32_t{1} << 31;

  // Each adds to the count and returns the number of the process that it counts for.
  std::uint32_t begin_shared(const char* what);
  std::uint32_t begin_exclusive(const char* what);
  void end(std::uint32_t process, std::uint32_t count);

  // The number of the process among its forked ancestors in the upper half, the count in the lower.
  std::atomic<std::uint64_t> state_{0};
};

}  // namespace chainrule
