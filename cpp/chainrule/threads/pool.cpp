// Leasing workers and taking them back.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/threads/pool.h"

#include <stdexcept>

#include "chainrule/threads/per_process.h"

namespace chainrule {

Pool::Lease Pool::lease(int wanted) {
  const std::lock_guard lock(mutex_);
  // As many threads as the largest team asks for: several teams share them, so that they do not add up.
  for (; made_ < wanted; ++made_) {
    Worker* worker = Worker::start();
    if (!worker) break;
    worker->next = idle_;
    idle_ = worker;
  }
  Lease lease;
  for (Worker** end = &lease.first; idle_ && lease.count < wanted; ++lease.count) {
    *end = idle_;
    end = &idle_->next;
    idle_ = idle_->next;
    *end = nullptr;
  }
  return lease;
}

// In front and in their order, so that the next team gets those whose caches are warm, with the same indices.
void Pool::give_back(Lease lease) {
  if (!lease.first) return;
  Worker* last = lease.first;
  for (last->release(); last->next; last->release()) last = last->next;
  const std::lock_guard lock(mutex_);
  last->next = idle_;
  idle_ = lease.first;
}

bool Pool::is_of_this_process() const { return PerProcess<Pool>::current() == this; }

void Pool::check_process() const {
  if (is_of_this_process()) return;
  throw std::runtime_error(
      "the process was forked inside a parallel region; its child cannot end it");
}

}  // namespace chainrule
