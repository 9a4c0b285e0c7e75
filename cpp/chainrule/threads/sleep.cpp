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
                       std::chrono::milliseconds at_most) {
  const auto total = at_most.count();
  timespec time{};
  time.tv_sec = static_cast<std::time_t>(total / 1000);
  time.tv_nsec = static_cast<long>(total % 1000) * 1'000'000;
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, at_most == kForever ? nullptr : &time,
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

// Words share a place by chance; their sleepers then wake for each other's sake and look again.
struct Place {
  std::mutex mutex;
  std::condition_variable changed;
};

Place& place_of(const std::atomic<std::uint32_t>* word) {
  using Places = std::array<Place, 64>;
  Places& places = PerProcess<Places>::get();
  return places[std::hash<std::uintptr_t>()(reinterpret_cast<std::uintptr_t>(word) / 64) %
                places.size()];
}

}  // namespace

void sleep_while_equal(const std::atomic<std::uint32_t>& word, std::uint32_t value,
                       std::chrono::milliseconds at_most) {
  Place& place = place_of(&word);
  std::unique_lock lock(place.mutex);
  if (word.load() != value) return;
  if (at_most == kForever) {
    place.changed.wait(lock);
  } else {
    place.changed.wait_for(lock, at_most);
  }
}

void wake_sleepers(const std::atomic<std::uint32_t>* word) {
  Place& place = place_of(word);
  {
    std::lock_guard lock(place.mutex);
  }  // a sleeper that has seen the old value is waiting by now
  place.changed.notify_all();
}

}  // namespace chainrule
#endif
