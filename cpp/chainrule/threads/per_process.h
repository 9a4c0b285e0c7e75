// The one T of this process: made when it is first asked for, never destroyed (other threads may use it while the
// process exits), and forgotten by a forked child, where the parent's threads do not exist and its locks may be held.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <memory>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace chainrule {

template <class T>
class PerProcess {
 public:
  static T& get() {
    static_cast<void>(forgotten_in_children_);
    if (T* made = current()) return *made;
    // Two threads may come here at once: the second takes what the first has made.
    auto made = std::make_unique<T>();
    T* first = nullptr;
    if (!instance_.compare_exchange_strong(first, made.get(), std::memory_order_acq_rel)) {
      return *first;
    }
    return *made.release();
  }

  // nullptr where this process has made none yet.
  static T* current() { return instance_.load(std::memory_order_acquire); }

 private:
  static bool forget_in_children() {
#if defined(__unix__) || defined(__APPLE__)
    return pthread_atfork(nullptr, nullptr, [] { instance_.store(nullptr); }) == 0;
#else
    return true;  // no fork here
#endif
  }

  inline static std::atomic<T*> instance_{nullptr};
  inline static const bool forgotten_in_children_ = forget_in_children();
};

}  // namespace chainrule
