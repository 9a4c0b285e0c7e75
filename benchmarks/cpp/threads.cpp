// What the thread pool costs: starting a region, a job of small phases beside other programs.
// chainrule_bench_threads [threads [busy processes [microseconds of work a phase]]]
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "chainrule/threads/limit.h"
#include "chainrule/threads/team.h"

#if defined(__unix__) || defined(__APPLE__)
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace {

using chainrule::Team;
using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

void print(const char* what, std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&](double part) {
    return samples[static_cast<std::size_t>(part * static_cast<double>(samples.size() - 1))];
  };
  std::printf("%-44s min %9.2f  median %9.2f  90%% %9.2f  99%% %9.2f  max %9.2f\n", what, at(0),
              at(0.5), at(0.9), at(0.99), at(1));
}

template <class F>
std::vector<double> time_each(int count, F&& f) {
  std::vector<double> samples;
  for (int i = 0; i < count; ++i) {
    const auto begin = Clock::now();
    f();
    samples.push_back(microseconds(Clock::now() - begin));
  }
  return samples;
}

void print_latencies(int n_threads) {
  {
    Team team(n_threads);
    const auto nothing = [](int, int) {};
    print("run, which the caller does alone", time_each(20000, [&] { team.run(nothing); }));
    // The caller's part lasts until the others have begun theirs, or 20 us: they may not come.
    std::atomic<int> begun{0};
    const auto meet = [&](int, int count) {
      begun.fetch_add(1);
      const auto begin = Clock::now();
      while (begun.load() < count && microseconds(Clock::now() - begin) < 20) {
      }
    };
    print("run, once all threads are in it", time_each(20000, [&] {
            begun = 0;
            team.run(meet);
          }));
  }
  print("lease, run and give back", time_each(500, [&] { Team(n_threads).run([](int, int) {}); }));
}

// Work that takes the same time wherever it is done, in pieces of about 0.1 microseconds.
void compute(std::int64_t begin, std::int64_t end) {
  double x = 1;
  for (std::int64_t i = begin; i < end; ++i) {
    for (int k = 0; k < 64; ++k) x = x * 1.0000001 + 1e-9;
  }
  static std::atomic<double> result;
  result.store(x, std::memory_order_relaxed);
}

double pieces_per_microsecond() {
  double best = 1e300;
  for (int i = 0; i < 50; ++i) {
    const auto begin = Clock::now();
    compute(0, 10000);
    best = std::min(best, microseconds(Clock::now() - begin));
  }
  return 10000 / best;
}

enum class Job { kRegionPerPhase, kTeamPerPhase };

// Milliseconds of a job of `phases` phases.
double time_job(Job job, int n_threads, int phases, std::int64_t pieces) {
  const auto begin = Clock::now();
  const auto part = [&](int index, int count) {
    compute(pieces * index / count, pieces * (index + 1) / count);
  };
  if (job == Job::kRegionPerPhase) {
    Team team(n_threads);
    for (int i = 0; i < phases; ++i) team.run(part);
  } else {
    for (int i = 0; i < phases; ++i) Team(n_threads).run(part);
  }
  return microseconds(Clock::now() - begin) / 1000;
}

void print_jobs(int n_threads, double microseconds_a_phase) {
  const auto pieces = static_cast<std::int64_t>(microseconds_a_phase * pieces_per_microsecond());
  std::vector<double> alone, regions, teams;
  constexpr int kPhases = 1000;
  for (int i = 0; i < 15; ++i) {
    alone.push_back(time_job(Job::kRegionPerPhase, 1, kPhases, pieces));
    regions.push_back(time_job(Job::kRegionPerPhase, n_threads, kPhases, pieces));
    teams.push_back(time_job(Job::kTeamPerPhase, n_threads, kPhases, pieces));
  }
  std::printf("1000 phases of %.0f us, milliseconds:\n", microseconds_a_phase);
  print("1 thread", alone);
  print("a region a phase", regions);
  print("a team a phase", teams);
}

}  // namespace

int main(int n_arguments, char** arguments) {
  const auto argument = [&](int i, int otherwise) {
    return n_arguments > i ? std::atoi(arguments[i]) : otherwise;
  };
  const int n_threads = argument(1, chainrule::get_num_threads()), busy = argument(2, 0);
  std::printf("%d threads, %d usable CPUs, %d busy processes\n", n_threads,
              chainrule::usable_cpus(), busy);
  std::vector<pid_t> others;
  for (int i = 0; i < busy; ++i) {
    others.push_back(fork());
    if (others.back() == 0) {
      for (volatile long k = 0;; k = k + 1) {
      }
    }
  }
  if (!busy) print_latencies(n_threads);
  for (const int us : {5, 20, 50, 200}) {
    if (n_arguments > 3 && us != argument(3, 0)) continue;
    print_jobs(n_threads, us);
  }
  for (const pid_t other : others) {
    kill(other, SIGKILL);
    waitpid(other, nullptr, 0);
  }
}
