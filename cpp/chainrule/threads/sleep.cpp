// Sleeping and waking, as the system offers it.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/threads/sleep.h"

#if defined(CHAINRULE_LINUX_THREADS)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

namespace chainrule {

static_assert(sizeof(std::atomic<std::uint32_t>) == 4 &&
              std::atomic<std::uint32_t>::is_always_lock_free);

void sleep_while_equal(const std::atomic<std::uint32_t>& word, std::uint32_t value,
                       std::chrono::milliseconds timeout) {
  const auto total = timeout.count();
  timespec time{};
  time.tv_sec = static_cast<std::time_t>(total / 1000);
  time.tv_nsec = static_cast<long>(total % 1000) * 1'000'000;
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, timeout == kNoTimeout ? nullptr : &time,
          nullptr, 0);
}

void wake_sleepers(const std::atomic<std::uint32_t>* word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace chainrule

#else
#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "chainrule/threads/per_process.h"

namespace chainrule {
namespace {

// Words share a bucket by chance; sleepers are then woken for another word, and look again.
struct Bucket {
  std::mutex mutex;
  std::condition_variable changed;
};

Bucket& bucket_of(const std::atomic<std::uint32_t>* word) {
  using Buckets = std::array<Bucket, 64>;
  Buckets& buckets = PerProcess<Buckets>::get();
  return buckets[std::hash<std::uintptr_t>()(reinterpret_cast<std::uintptr_t>(word) / 64) %
                 buckets.size()];
}

}  // namespace

void sleep_while_equal(const std::atomic<std::uint32_t>& word, std::uint32_t value,
                       std::chrono::milliseconds timeout) {
  Bucket& bucket = bucket_of(&word);
  std::unique_lock lock(bucket.mutex);
  if (word.load() != value) return;
  if (timeout == kNoTimeout) {
    bucket.changed.wait(lock);
  } else {
    bucket.changed.wait_for(lock, timeout);
  }
}

void wake_sleepers(const std::atomic<std::uint32_t>* word) {
  Bucket& bucket = bucket_of(word);
  {
    std::lock_guard lock(bucket.mutex);
  }  // a sleeper that has seen the old value is waiting by now
  bucket.changed.notify_all();
}

}  // namespace chainrule
#endif
