// Limits of threads, forks, signals, exits: the pool among the other things of a process.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "chainrule/threads/cgroup.h"
#include "chainrule/threads/limit.h"
#include "chainrule/threads/team.h"
#include "check.h"
#include "threads_support.h"

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

// The sanitizers find these only where they are not hidden.
#if defined(__SANITIZE_ADDRESS__)
// A child forgets the pool of its parent and the workers in it, which it does not have.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions() {
  return "leak:chainrule::PerProcess\nleak:chainrule::Worker::start\n";
}
#elif defined(__SANITIZE_THREAD__)
// Forked children that start threads are what some of these tests are about.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "die_after_fork=0";
}
#endif

namespace chainrule {
namespace {

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

// The system ends a child that has not ended by then, so that its parent does not wait for ever.
void limit_time_of_child() { alarm(static_cast<unsigned>(4 * kDeadline.count())); }

// Whether the child has ended by itself, with status 0.
bool succeeded(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Whether f() is true in a child.
template <class F>
bool true_in_child(F&& f) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    limit_time_of_child();
    bool result = false;
    try {
      result = f();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in a child: %s\n", error.what());
    }
    _exit(result ? 0 : 1);
  }
  return succeeded(child);
}

// Whether this process has n workers that have begun to serve, as far as the system tells.
bool has_workers([[maybe_unused]] int n) {
#if defined(__linux__)
  return wait_for([n] {
    int workers = 0;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
      std::string name;
      std::ifstream(thread.path() / "comm") >> name;
      workers += name == "chainrule";
    }
    return workers >= n;
  });
#else
  return true;
#endif
}

// Whether a new team gets n threads, and as many of them as there are CPUs compute at the same time.
bool serves(int n) {
  Team team(n);
  return team.size() == n && has_workers(n - 1) &&
         run_at_once(team, std::min(n, parallel_threads()), [](int) {});
}

TEST(a_child_makes_workers_of_its_own) {
  CHECK(serves(4));
  Team team(4);
  team.run([](int, int) {});
  CHECK(true_in_child([&] {
    // The parent's team is alone here; new teams have new workers, also those of children's children.
    int calls = 0;
    team.run([&](int, int count) { calls += count; });
    return calls == 1 && team.size() == 1 && serves(5) && true_in_child([] { return serves(3); });
  }));
  CHECK_EQUAL(team.size(), 4);
  team.run([](int, int) {});
}

// The sanitizers' own state does not survive this: locks of the allocator, identities of the parent's threads.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
TEST(fork_while_other_threads_are_in_regions) {
  constexpr int kCallers = 3;
  std::atomic<int> begun{0};
  std::atomic<bool> end{false};
  std::vector<std::thread> callers;
  for (int c = 0; c < kCallers; ++c) {
    callers.emplace_back([&] {
      ++begun;
      while (!end) {
        Team team(3);
        for (int i = 0; i < 20; ++i) team.run([](int, int) {});
      }
    });
  }
  const bool all_begun = wait_for([&] { return begun == kCallers; });
  int served = 0;
  for (int i = 0; i < 20; ++i) served += true_in_child([] { return serves(4); });
  end = true;
  for (auto& caller : callers) caller.join();
  CHECK(all_begun);
  CHECK_EQUAL(served, 20);
}
#endif

TEST(a_child_forked_inside_a_region_does_not_wait_for_the_parents_workers) {
  if (usable_cpus() == 1) return;  // the caller does all itself
  Team team(oversubscribed());
  pid_t child = -1;
  std::atomic<bool> forked{false}, in_time{true};
  bool met = false, threw = false;
  try {
    met = run_at_once(team, parallel_threads(), [&](int index) {
      if (index != 0) {  // so that the child misses them all
        if (!wait_for([&] { return forked.load(); })) in_time = false;
        return;
      }
      child = fork();
      if (child == 0) limit_time_of_child();
      forked = true;
    });
  } catch (const std::runtime_error&) {
    threw = true;
  }
  if (child == 0) _exit(threw ? 0 : 1);
  CHECK(met);
  CHECK(!threw);
  CHECK(in_time);
  CHECK(succeeded(child));
}

TEST(workers_block_signals_but_those_of_faults) {
  Team team(oversubscribed());
  std::atomic<int> missing{0}, too_many{0};
  CHECK(run_at_once(team, parallel_threads(), [&](int index) {
    if (index == 0) return;  // the caller
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    for (const int number :
         {SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGUSR1, SIGPROF, SIGHUP, SIGPIPE}) {
      missing += sigismember(&blocked, number) != 1;
    }
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
      too_many += sigismember(&blocked, number) != 0;
    }
  }));
  CHECK_EQUAL(missing.load(), 0);
  CHECK_EQUAL(too_many.load(), 0);
  // The thread that made the workers has its own mask back.
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  CHECK_EQUAL(sigismember(&own, SIGINT), 0);
}

double cpu_seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}
double cpu_seconds_of_this_thread() { return cpu_seconds(CLOCK_THREAD_CPUTIME_ID); }
double cpu_seconds_of_others() {
  return cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_seconds_of_this_thread();
}

// CPU time of all other threads of this process, as a share of that of this one, which computes meanwhile. A thread
// that spins gets as much as this one, whatever else the machine does.
double share_of_others() {
  constexpr double kLong = 0.1;  // hundreds of times as long as a worker spins after a region
  const double begin = cpu_seconds_of_this_thread(), others = cpu_seconds_of_others();
  double own = 0;
  while (own < kLong) own = cpu_seconds_of_this_thread() - begin;
  return (cpu_seconds_of_others() - others) / own;
}

TEST(no_thread_is_busy_after_a_lease) {
  const auto work = [](Team& team) {
    CHECK(run_at_once(team, parallel_threads(), [](int) {}));
    for (int i = 0; i < 100; ++i) team.run([](int, int) {});
  };
  {
    Team team(oversubscribed());
    work(team);
  }
  CHECK_NEAR(share_of_others(), 0.0, 0.05);
  // Nor within one, once nothing has come for a while.
  Team team(oversubscribed());
  work(team);
  CHECK_NEAR(share_of_others(), 0.0, 0.05);
}

// What parts count up while they are at work.
std::atomic<long> progress{0};
bool progresses() {
  const long before = progress;
  return wait_for([&] { return progress > before + 100; });
}

struct AtExit {
  // Workers are at work while statics are destroyed.
  ~AtExit() {
    if (!progresses()) _exit(1);
  }
};

TEST(a_process_may_exit_at_any_moment) {
  enum Way { kManyRegions, kPartsThatDoNotEnd, kCallerThatWaits, kManyTeams };
  for (const Way way : {kManyRegions, kPartsThatDoNotEnd, kCallerThatWaits, kManyTeams}) {
    check::at() = check::text("way ", static_cast<int>(way));
    CHECK(true_in_child([way]() -> bool {
      static const AtExit at_exit;
      std::thread([way] {
        const auto once = [](int, int) { ++progress; };
        Team team(way == kCallerThatWaits ? 2 : 4);
        if (way == kManyRegions) {
          for (;;) team.run(once);
        } else if (way == kPartsThatDoNotEnd || way == kCallerThatWaits) {
          team.run([&](int index, int) {
            if (way == kCallerThatWaits && index == 0) return;
            while (!team.cancelled()) ++progress;
          });
        } else {
          for (;;) Team(4).run(once);
        }
      }).detach();
      if (!progresses()) return false;
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
    return team.size() == 5 && calls == 500;
  }));
}
#endif

#endif  // HAS_PROCESSES

}  // namespace
}  // namespace chainrule
