// How many threads a region may have: the machine, the environment, the user and the size of the work have a say.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <memory>
#include <string>

namespace chainrule {

// Larger numbers mean the same as this one.
constexpr int kMaxThreads = 1024;

// CPUs that this process may use now: the least of hardware, affinity and the quota of its control group (rounded up).
int usable_cpus();

// The value of the variable CHAINRULE_NUM_THREADS. Throws std::invalid_argument where it is no whole number >= 1.
int parse_num_threads(const std::string& text);

// For all threads of the process that have no limit of their own. Throws std::invalid_argument for n < 1.
void set_num_threads(int n);
// What holds for them: what was set, else CHAINRULE_NUM_THREADS as it is at the first call, else usable_cpus(). Throws as
// parse_num_threads does.
int num_threads_of_process();
// What holds on this thread.
int get_num_threads();
// Throws where that would, and asks the system nothing: cheap enough for every call.
void check_num_threads();

// A limit of the thread that makes it, within the life of the object. The latest that lives counts: they may end in any
// order, and on any thread.
class ThreadsScope {
 public:
  explicit ThreadsScope(int n);
  ~ThreadsScope();
  ThreadsScope(const ThreadsScope&) = delete;
  ThreadsScope& operator=(const ThreadsScope&) = delete;

 private:
  std::shared_ptr<std::atomic<int>> limit_;
};

}  // namespace chainrule
