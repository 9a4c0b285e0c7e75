// The thread pool: regions, barriers, exceptions, leases, limits; fork, signals and exit where the system has them.
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

namespace chainrule {
namespace {

struct Part {
  std::int64_t begin = 0, end = 0;

  std::int64_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
};

// Part `index` of n items in `count` parts that follow one another, cut at multiples of `granule`. Sizes differ by
// one granule at most. The first parts are the larger ones: the caller of a team has index 0, and waits for the others.
inline Part part_of(std::int64_t n, std::int64_t granule, int index, int count) {
  const std::int64_t granules = n / granule + (n % granule != 0);
  const std::int64_t each = granules / count, larger = granules % count;
  const auto cut = [&](std::int64_t part) {
    const std::int64_t before = part * each + std::min(part, larger);
    // The last granule may be a piece of one; before * granule could exceed what an integer holds.
    return before == granules ? n : before * granule;
  };
  return {cut(index), cut(index + 1)};
}

using namespace std::chrono_literals;

struct Expected : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// ---- parts

TEST(parts_cover_the_whole_in_order) {
  for (const std::int64_t n : {0, 1, 5, 16, 17, 1000, 4097}) {
    for (const std::int64_t granule : {1, 6, 16, 2000}) {
      for (int count = 1; count <= 9; ++count) {
        check::at() = check::text("n ", n, ", granule ", granule, ", count ", count);
        std::int64_t end = 0, smallest = n;
        for (int index = 0; index < count; ++index) {
          const Part part = part_of(n, granule, index, count);
          CHECK_EQUAL(part.begin, end);
          CHECK(part.empty() || part.begin % granule == 0);
          CHECK(part.size() <= part_of(n, granule, 0, count).size());
          smallest = std::min(smallest, part.size());
          end = part.end;
        }
        CHECK_EQUAL(end, n);
        CHECK(part_of(n, granule, 0, count).size() <= smallest + 2 * granule - 1);
      }
    }
  }
}

TEST(parts_of_the_largest_whole_do_not_overflow) {
  const std::int64_t n = std::numeric_limits<std::int64_t>::max();
  CHECK_EQUAL(part_of(n, 64, 6, 7).end, n);
  CHECK_EQUAL(part_of(n, 1, 6, 7).end, n);
  CHECK_EQUAL(part_of(5, n, 0, 7).end, std::int64_t{5});
}

// ---- regions

TEST(a_region_calls_each_index_once) {
  for (int n = 1; n <= 9; ++n) {
    check::at() = check::text(n, " threads");
    Team team(n);
    CHECK_EQUAL(team.size(), n);
    for (int round = 0; round < 2000; ++round) {
      std::vector<int> calls(static_cast<std::size_t>(n));
      int count_seen = 0;
      const auto caller = std::this_thread::get_id();
      std::atomic<bool> caller_has_0{false};
      team.run([&](int index, int count) {
        ++calls[static_cast<std::size_t>(index)];
        if (index == 0) {
          count_seen = count;
          caller_has_0 = std::this_thread::get_id() == caller;
        }
      });
      CHECK(caller_has_0);
      CHECK(1 <= count_seen && count_seen <= n);
      for (int index = 0; index < n; ++index) {
        CHECK_EQUAL(calls[static_cast<std::size_t>(index)], index < count_seen ? 1 : 0);
      }
    }
  }
}

TEST(a_region_is_shared_by_several_threads_and_shows_them_what_was_written_before) {
  // More parts than CPUs are never skipped for lack of a CPU, so that the count is what was asked for.
  const int n = usable_cpus() + 3;
  Team team(n);
  std::vector<std::int64_t> sums(static_cast<std::size_t>(n));
  std::vector<std::int64_t> numbers(1000);
  for (int round = 0; round < 500; ++round) {
    for (auto& number : numbers) number = round;
    team.run([&](int index, int count) {
      CHECK_EQUAL(count, n);
      const Part part = part_of(1000, 7, index, count);
      std::int64_t sum = 0;
      for (std::int64_t i = part.begin; i < part.end; ++i)
        sum += numbers[static_cast<std::size_t>(i)];
      sums[static_cast<std::size_t>(index)] = sum;
    });
    std::int64_t total = 0;
    for (const auto sum : sums) total += sum;
    CHECK_EQUAL(total, std::int64_t{1000} * round);
  }
}

TEST(threads_together_are_different_threads_and_meet_at_barriers) {
  for (int n = 1; n <= 9; ++n) {
    check::at() = check::text(n, " threads");
    Team team(n);
    for (int round = 0; round < 20; ++round) {
      constexpr int kPhases = 60;
      std::vector<int> slots(9);
      std::vector<std::thread::id> ids(9);
      int count_seen = 0;
      team.run_together([&](int index, int count, Barrier& barrier) {
        const auto at = [&](int i) -> int& { return slots[static_cast<std::size_t>(i)]; };
        ids[static_cast<std::size_t>(index)] = std::this_thread::get_id();
        if (index == 0) count_seen = count;
        for (int phase = 1; phase <= kPhases; ++phase) {
          at(index) = phase;
          barrier.wait();
          for (int other = 0; other < count; ++other) CHECK_EQUAL(at(other), phase);
          barrier.wait();
        }
      });
      CHECK(1 <= count_seen && count_seen <= n);
      CHECK_EQUAL(std::set(ids.begin(), ids.begin() + count_seen).size(),
                  static_cast<std::size_t>(count_seen));
      CHECK(ids[0] == std::this_thread::get_id());
      // Also where nobody waits for the others.
      team.run_together([&](int index, int count, Barrier&) {
        ids[static_cast<std::size_t>(index)] = std::this_thread::get_id();
        if (index == 0) count_seen = count;
      });
      CHECK_EQUAL(std::set(ids.begin(), ids.begin() + count_seen).size(),
                  static_cast<std::size_t>(count_seen));
    }
  }
}

TEST(a_region_inside_a_region_runs_alone) {
  Team team(4);
  std::atomic<int> inner_calls{0};
  team.run_together([&](int, int, Barrier& barrier) {
    Team inner(3);
    CHECK_EQUAL(inner.size(), 1);
    inner.run([&](int index, int count) {
      CHECK_EQUAL(index, 0);
      CHECK_EQUAL(count, 1);
      ++inner_calls;
    });
    inner.run_together([&](int, int, Barrier& inner_barrier) { inner_barrier.wait(); });
    barrier.wait();
  });
  CHECK(inner_calls >= 1);
  // Two teams of one thread, one after the other, share what workers there are.
  Team second(2);
  CHECK(second.size() <= 2);
  int sum = 0;
  second.run([&](int index, int) {
    if (index == 0) sum += 1;
  });
  CHECK_EQUAL(sum, 1);
}

// ---- exceptions

// What a region of f throws, "" for nothing.
template <class Run>
std::string thrown_by(Run&& run) {
  try {
    run();
  } catch (const Expected& error) {
    return error.what();
  }
  return "";
}

TEST(the_exception_of_the_lowest_index_comes_out) {
  Team team(5);
  for (unsigned who = 1; who < 1U << 5; ++who) {
    int lowest = 0, count_seen = 0;
    while (!(who >> lowest & 1)) ++lowest;
    const auto fail_if_chosen = [&](int index) {
      if (who >> index & 1) throw Expected(check::text("index ", index));
    };
    const auto expected = [&] {
      check::at() = check::text("indices ", who, ", ", count_seen, " parts");
      return lowest < count_seen ? check::text("index ", lowest) : "";
    };
    const std::string of_run = thrown_by([&] {
      team.run([&](int index, int count) {
        if (index == 0) count_seen = count;
        fail_if_chosen(index);
      });
    });
    CHECK_EQUAL(of_run, expected());
    const std::string of_run_together = thrown_by([&] {
      team.run_together([&](int index, int count, Barrier& barrier) {
        if (index == 0) count_seen = count;
        barrier.wait();
        fail_if_chosen(index);
        barrier.wait();
        if (lowest < count) throw Expected("passed an incomplete barrier");
      });
    });
    CHECK_EQUAL(of_run_together, expected());
    CHECK(!team.cancelled());
    int calls = 0;
    team.run([&](int index, int) {
      if (index == 0) ++calls;
    });
    CHECK_EQUAL(calls, 1);
  }
}

TEST(when_one_part_fails_the_others_may_see_it_and_end) {
  Team team(usable_cpus() + 2);
  const int last = team.size() - 1;
  CHECK_THROWS(Expected, "the last", team.run_together([&](int index, int, Barrier&) {
    if (index == last) throw Expected("the last");
    while (!team.cancelled()) std::this_thread::yield();
  }));
  // Index 0 runs first, whoever comes for the others.
  std::atomic<bool> failed{false};
  CHECK_THROWS(Expected, "the first", team.run([&](int index, int) {
    if (index == 0) {
      failed = true;
      throw Expected("the first");
    }
    while (!failed) std::this_thread::yield();
    while (!team.cancelled()) std::this_thread::yield();
  }));
}

TEST(a_caller_polls_while_it_waits) {
  if (usable_cpus() == 1) return;  // the caller does all itself
  // The worker's part ends only when the hook has thrown.
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> on_caller{true};
  const auto interrupt = [&] {
    on_caller = on_caller && std::this_thread::get_id() == caller;
    throw Expected("interrupted");
  };
  Team team(usable_cpus() + 1);  // more than there are CPUs: nobody rests
  int waits = 0;
  const auto begin = Clock::now();
  for (int round = 0; round < 1000 && waits < 2; ++round) {
    Poll poll(interrupt);
    std::atomic<bool> begun{false};
    const std::string thrown = thrown_by([&] {
      team.run(
          [&](int index, int count) {
            if (index == 1) {
              begun = true;
              // Nobody else came for it: then this is the caller.
              if (std::this_thread::get_id() == caller) return;
              while (!team.cancelled()) std::this_thread::yield();
            } else if (index == 0 && count > 1) {
              const auto patience = Clock::now() + 10ms;
              while (!begun && Clock::now() < patience) std::this_thread::yield();
            }
          },
          &poll);
    });
    waits += thrown == "interrupted";
  }
  CHECK(on_caller);
  CHECK_EQUAL(waits, 2);
  CHECK(Clock::now() - begin < 15s);
}

// ---- leases

TEST(teams_of_many_threads_at_once_share_the_workers) {
  constexpr int kCallers = 8;
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int c = 0; c < kCallers; ++c) {
    callers.emplace_back([&wrong, c] {
      for (int round = 0; round < 300; ++round) {
        Team team(1 + (c + round) % 5);
        for (int region = 0; region < 5; ++region) {
          std::vector<std::int64_t> sums(5);
          team.run([&](int index, int count) {
            const Part part = part_of(100, 1, index, count);
            for (std::int64_t i = part.begin; i < part.end; ++i) {
              sums[static_cast<std::size_t>(index)] += i;
            }
          });
          std::int64_t total = 0;
          for (const auto sum : sums) total += sum;
          wrong += total != 4950;
        }
        if (round % 10 == 0) {
          team.run_together([&](int, int, Barrier& barrier) {
            barrier.wait();
            barrier.wait();
          });
        }
      }
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK_EQUAL(wrong.load(), 0);
}

TEST(a_team_gets_what_others_leave) {
  const int many = usable_cpus() + 10;  // more than any other test has asked for
  Team first(many);
  CHECK_EQUAL(first.size(), many);
  {
    Team second(
        5);  // all workers are leased, and the largest team has asked for more than this one
    CHECK_EQUAL(second.size(), 1);
    int calls = 0;
    second.run([&](int, int count) { calls += count; });
    CHECK_EQUAL(calls, 1);
  }
  Team larger(many + 2);
  CHECK_EQUAL(larger.size(), 3);
}

TEST(a_team_of_no_or_too_many_threads) {
  CHECK_EQUAL(Team(0).size(), 1);
  CHECK_EQUAL(Team(-3).size(), 1);
  CHECK_EQUAL(Team(1).size(), 1);
}

TEST(workers_flush_denormals_as_their_caller_does) {
  volatile float tiny = 1e-38F;  // 1e-39 is denormal
  Team team(3);
  const auto check_flushed = [&](bool flushed) {
    team.run_together([&](int, int, Barrier&) { CHECK_EQUAL(tiny * 0.1F == 0, flushed); });
  };
  for (int round = 0; round < 3; ++round) {
    check_flushed(false);
#if defined(__x86_64__) || defined(__aarch64__)
    const FlushDenormals flush;
    check_flushed(true);
#endif
  }
}

// ---- limits

}  // namespace
}  // namespace chainrule
