// Limits of threads, forks, signals, exits: the pool among the other things of a process.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "chainrule/simd/denormals.h"
#include "chainrule/threads/cgroup.h"
#include "chainrule/threads/limit.h"
#include "chainrule/threads/team.h"
#include "check.h"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#define HAS_PROCESSES 1
#endif
#if defined(__linux__)
#include <sched.h>
#endif

#if defined(__SANITIZE_THREAD__)
// Forked children that start threads are what some of these tests are about.
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }
#endif

namespace chainrule {
namespace {

using namespace std::chrono_literals;

TEST(limits_nest) {
  const int before = get_num_threads();
  CHECK(before >= 1);
  {
    const ThreadsScope outer(7);
    CHECK_EQUAL(get_num_threads(), 7);
    {
      const ThreadsScope inner(1);
      CHECK_EQUAL(get_num_threads(), 1);
      std::thread([&] {
        check::at() = get_num_threads() == before ? "" : "another thread";
      }).join();
      CHECK(check::at().empty());
    }
    CHECK_EQUAL(get_num_threads(), 7);
  }
  CHECK_EQUAL(get_num_threads(), before);
  CHECK_THROWS(std::invalid_argument, ">= 1, got 0", ThreadsScope(0));
  CHECK_THROWS(std::invalid_argument, ">= 1, got -2", set_num_threads(-2));
}

TEST(limits_end_in_any_order_and_on_any_thread) {
  const int before = get_num_threads();
  auto first = std::make_unique<ThreadsScope>(7);
  auto second = std::make_unique<ThreadsScope>(1);
  auto third = std::make_unique<ThreadsScope>(5);
  second.reset();
  CHECK_EQUAL(get_num_threads(), 5);
  std::thread([&] { third.reset(); }).join();
  CHECK_EQUAL(get_num_threads(), 7);
  third = std::make_unique<ThreadsScope>(3);
  first.reset();
  CHECK_EQUAL(get_num_threads(), 3);
  CHECK_EQUAL(num_threads_of_process(), before);
  third.reset();
  CHECK_EQUAL(get_num_threads(), before);
}

TEST(the_environment_names_a_whole_number) {
  CHECK_EQUAL(parse_num_threads("1"), 1);
  CHECK_EQUAL(parse_num_threads("07"), 7);
  CHECK_EQUAL(parse_num_threads("99999999999999999999"), kMaxThreads);
  for (const std::string text :
       {"", "0", "-1", "two", "2.5", "1e3", " 2", "2 ", "+2", "-99999999999999999999"}) {
    const std::string message =
        "CHAINRULE_NUM_THREADS must be a whole number >= 1, got \"" + text + "\"";
    CHECK_THROWS(std::invalid_argument, message.c_str(), parse_num_threads(text));
  }
}

class FakeSystem {
 public:
  FakeSystem() : root_(std::filesystem::temp_directory_path() / unique_name()) {}
  ~FakeSystem() { std::filesystem::remove_all(root_); }
  FakeSystem(const FakeSystem&) = delete;
  FakeSystem& operator=(const FakeSystem&) = delete;

  void write(const std::string& path, const std::string& text) const {
    const auto file = root_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  // 0 where there is no limit.
  int cpus() const { return cgroup_cpus(root_.string()).value_or(0); }

 private:
  static std::string unique_name() {
    return check::text("chainrule_test_", Clock::now().time_since_epoch().count());
  }
  std::filesystem::path root_;
};

TEST(cgroup_quotas_are_rounded_up) {
  CHECK_EQUAL(FakeSystem().cpus(), 0);
  FakeSystem v2;
  v2.write("proc/self/cgroup", "0::/outer/inner\n");
  v2.write("proc/self/mountinfo",
           "22 1 0:20 / /proc rw - proc proc rw\n"
           "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup rw\n");
  CHECK_EQUAL(v2.cpus(), 0);
  v2.write("sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
  CHECK_EQUAL(v2.cpus(), 0);
  v2.write("sys/fs/cgroup/outer/inner/cpu.max", "250000 100000\n");
  CHECK_EQUAL(v2.cpus(), 3);
  v2.write("sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
  CHECK_EQUAL(v2.cpus(), 2);
  v2.write("sys/fs/cgroup/outer/cpu.max", "5000 100000\n");
  CHECK_EQUAL(v2.cpus(), 1);
  v2.write("sys/fs/cgroup/outer/cpu.max", "nonsense");
  CHECK_EQUAL(v2.cpus(), 3);

  // A container without a control group name space: its group's path is one of the host.
  FakeSystem v1;
  v1.write("proc/self/cgroup", "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n");
  v1.write("proc/self/mountinfo",
           "31 30 0:27 /docker/x /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
           "32 30 0:28 /docker/x /sys/fs/cgroup/cpu,cpuacct ro master:9 - cgroup cgroup "
           "rw,cpu,cpuacct\n");
  v1.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  v1.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  CHECK_EQUAL(v1.cpus(), 0);
  v1.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "400000\n");
  CHECK_EQUAL(v1.cpus(), 4);
  v1.write("proc/self/cgroup", "4:cpu,cpuacct:/elsewhere\n");
  CHECK_EQUAL(v1.cpus(), 4);
}

#if defined(HAS_PROCESSES)

// ---- processes: fork, signals, exit

// Whether f() is true in a child, which ends within 30 seconds and not by a signal.
template <class F>
bool true_in_child(F&& f) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    bool result = false;
    try {
      result = f();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in a child: %s\n", error.what());
    }
    _exit(result ? 0 : 1);
  }
  for (int i = 0; i < 3000; ++i) {
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child)
      return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    std::this_thread::sleep_for(10ms);
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return false;
}

// All of n threads have met, so workers exist and serve.
bool meets(Team& team, int n) {
  std::atomic<int> met{0};
  team.run_together([&](int, int, Barrier& barrier) {
    ++met;
    barrier.wait();
  });
  return met == n;
}

TEST(a_child_makes_workers_of_its_own) {
  Team team(4);
  team.run_together([](int, int, Barrier& barrier) { barrier.wait(); });
  CHECK(true_in_child([&] {
    // The parent's team is alone here; new teams have new workers, also those of children's children.
    int count_seen = 0;
    team.run([&](int, int count) { count_seen = count; });
    if (count_seen != 1 || !meets(team, 1)) return false;
    Team own(5);
    return own.size() == 5 && meets(own, 5) && true_in_child([] {
             Team grandchilds(3);
             return grandchilds.size() == 3 && meets(grandchilds, 3);
           });
  }));
  CHECK(team.size() == 4);
  team.run_together([](int, int, Barrier& barrier) { barrier.wait(); });
}

// The sanitizers' own state does not survive this: locks of the allocator, identities of the parent's threads.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
TEST(fork_while_other_threads_are_in_regions) {
  std::atomic<bool> end{false};
  std::vector<std::thread> callers;
  for (int c = 0; c < 3; ++c) {
    callers.emplace_back([&] {
      while (!end) {
        Team team(3);
        for (int i = 0; i < 20; ++i) team.run([](int, int) {});
        team.run_together([](int, int, Barrier& barrier) { barrier.wait(); });
      }
    });
  }
  int served = 0;
  for (int i = 0; i < 20; ++i) {
    served += true_in_child([] {
      Team team(4);
      return team.size() == 4 && meets(team, 4);
    });
  }
  end = true;
  for (auto& caller : callers) caller.join();
  CHECK_EQUAL(served, 20);
}
#endif

TEST(a_child_forked_inside_a_region_does_not_wait_for_the_parents_workers) {
  Team team(usable_cpus() + 1);
  for (const bool barriers : {false, true}) {
    pid_t child = -1;
    bool threw = false;
    std::atomic<bool> forked{false};
    try {
      team.run_together([&](int index, int, Barrier& barrier) {
        barrier.wait();
        if (index == 0) {
          child = fork();
          forked = true;
        }
        while (!forked) std::this_thread::yield();  // so that the child misses them all
        if (barriers) barrier.wait();
      });
    } catch (const std::runtime_error&) {
      threw = true;
    }
    if (child == 0) _exit(threw ? 0 : 1);
    CHECK(!threw);
    int status = 1;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

TEST(workers_block_signals_but_those_of_faults) {
  Team team(3);
  std::atomic<int> open{0}, closed{0};
  const auto caller = std::this_thread::get_id();
  team.run_together([&](int, int, Barrier&) {
    if (std::this_thread::get_id() == caller) return;
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    for (const int number :
         {SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGUSR1, SIGPROF, SIGHUP, SIGPIPE}) {
      closed += sigismember(&blocked, number) != 1;
    }
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
      open += sigismember(&blocked, number) != 0;
    }
  });
  CHECK_EQUAL(closed.load(), 0);
  CHECK_EQUAL(open.load(), 0);
  // The thread that made the workers has its own mask back.
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  CHECK_EQUAL(sigismember(&own, SIGINT), 0);
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

TEST(no_thread_is_busy_after_a_lease) {
  {
    Team team(4);
    for (int i = 0; i < 100; ++i)
      team.run_together([](int, int, Barrier& barrier) { barrier.wait(); });
    for (int i = 0; i < 100; ++i) team.run([](int, int) {});
  }
  std::this_thread::sleep_for(5ms);  // those that are just falling asleep
  const double before = cpu_seconds();
  std::this_thread::sleep_for(300ms);
  CHECK_NEAR(cpu_seconds() - before, 0.0, 0.005);
  // Nor within one, once nothing has come for a while.
  Team team(4);
  team.run_together([](int, int, Barrier& barrier) { barrier.wait(); });
  std::this_thread::sleep_for(5ms);
  const double begin = cpu_seconds();
  std::this_thread::sleep_for(300ms);
  CHECK_NEAR(cpu_seconds() - begin, 0.0, 0.005);
}

struct AtExit {
  ~AtExit() {
    std::this_thread::sleep_for(20ms);
  }  // workers are at work while statics are destroyed
};

TEST(a_process_may_exit_at_any_moment) {
  for (int how = 0; how < 4; ++how) {
    check::at() = check::text("way ", how);
    CHECK(true_in_child([how]() -> bool {
      static const AtExit at_exit;
      std::thread([how] {
        Team team(4);
        if (how == 0) {
          for (;;) team.run([](int, int) {});
        }
        if (how == 1) {
          team.run_together([](int, int, Barrier& barrier) {
            for (;;) barrier.wait();
          });
        }
        if (how == 2) {
          team.run([&](int, int) {
            while (!team.cancelled()) {
            }
          });
        }
        for (;;) Team(4).run([](int, int) {});
      }).detach();
      std::this_thread::sleep_for(30ms);
      std::exit(0);
    }));
  }
}

#if defined(__linux__)
TEST(affinity_limits_the_threads_and_more_can_be_asked_for) {
  CHECK(true_in_child([] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) return false;
    if (usable_cpus() != 1 || get_num_threads() != 1) return false;
    Team team(5);
    std::atomic<int> calls{0};
    for (int i = 0; i < 100; ++i) team.run([&](int, int) { ++calls; });
    return team.size() == 5 && calls == 500 && meets(team, 5);
  }));
}
#endif

#endif  // HAS_PROCESSES

}  // namespace
}  // namespace chainrule
