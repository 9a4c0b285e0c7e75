// The life of a worker: it waits for a part, takes it if nobody else has, computes it, and waits again.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/threads/worker.h"

#include <memory>
#include <system_error>
#include <thread>

#include "chainrule/threads/region.h"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#endif

namespace chainrule {
namespace {

// Threads started within inherit a mask of all signals but those that a fault raises in the very thread: these are
// for a handler that knows them (a crash reporter, a garbage collector), and blocked they end the process.
class SignalsBlocked {
 public:
#if defined(__unix__) || defined(__APPLE__)
  SignalsBlocked() {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigdelset(&blocked, fault);
    pthread_sigmask(SIG_SETMASK, &blocked, &previous_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

 private:
  sigset_t previous_;
#else
  SignalsBlocked() {}  // no signals to threads
#endif
 public:
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
};

void name_this_thread() {
#if defined(__linux__)
  pthread_setname_np(pthread_self(), "chainrule");
#elif defined(__APPLE__)
  pthread_setname_np("chainrule");
#endif
}

// The system wakes a thread on its last CPU or on that of the thread that wakes it, and may leave it there, beside a
// thread that never sleeps, while other CPUs are idle. After it has run on another CPU, it is woken there.
void leave_this_cpu() {
#if defined(CHAINRULE_LINUX_THREADS)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  cpu_set_t others = allowed;
  CPU_CLR(this_cpu(), &others);
  if (CPU_COUNT(&others) == 0) return;
  if (sched_setaffinity(0, sizeof others, &others) == 0) {
    sched_setaffinity(0, sizeof allowed, &allowed);
  }
#endif
}

}  // namespace

Worker* Worker::start() {
  const SignalsBlocked blocked;
  std::unique_ptr<Worker> worker(new Worker);
  try {
    std::thread([self = worker.get()] { self->serve(); }).detach();
  } catch (const std::system_error&) {
    return nullptr;
  }
  return worker.release();
}

void Worker::post(Region& region, int index, bool wake) {
  region_ = &region;
  index_ = index;
  callers_cpu_.store(this_cpu(), std::memory_order_relaxed);
  if (!wake) {
    word_.fetch_or(kLeased | kPosted, std::memory_order_acq_rel);
  } else if (word_.exchange(kLeased | kPosted, std::memory_order_acq_rel) & kHasSleepers) {
    wake_sleepers(&word_);
  }
}

void Worker::serve() {
  name_this_thread();
  const auto leased = [](std::uint32_t word) { return (word & kLeased) != 0; };
  const auto on_callers_cpu = [this] {
    return is_this_cpu(callers_cpu_.load(std::memory_order_relaxed));
  };
  const auto posted_or_released = [&](std::uint32_t word) {
    return !leased(word) || (word & kPosted && !on_callers_cpu());
  };
  const auto before_sleep = [&] {
    if (!on_callers_cpu()) return;
    was_on_callers_cpu.store(true, std::memory_order_relaxed);
    leave_this_cpu();
  };
  for (;;) {
    wait_until(word_, leased, [] { return false; }, [] {});
    Spin spin;
    wait_until(word_, posted_or_released, [&] { return spin.again(on_callers_cpu); }, before_sleep);
    if (!take()) continue;
    region_->run_on_worker(*this);
  }
}

}  // namespace chainrule
