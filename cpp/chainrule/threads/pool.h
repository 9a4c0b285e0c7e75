// The workers that nobody uses at this moment. They sleep; threads are made when a team first asks for that many.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <mutex>

#include "chainrule/threads/worker.h"

namespace chainrule {

class Pool {
 public:
  // A list of at most `wanted` workers. Never waits for one: where other teams have them all, the list is empty.
  struct Lease {
    Worker* first = nullptr;
    int count = 0;
  };
  Lease lease(int wanted);
  void give_back(Lease lease);

  // False in a forked child of the process that it was made in: there it has no threads.
  bool is_of_this_process() const;
  // Throws std::runtime_error for who would wait for them.
  void check_process() const;

 private:
  std::mutex mutex_;
  Worker* idle_ = nullptr;
  int made_ = 0;
};

}  // namespace chainrule
