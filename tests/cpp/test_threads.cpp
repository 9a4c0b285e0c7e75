// The thread pool: regions and their parts, exceptions, leases, floating-point state.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "chainrule/simd/denormals.h"
#include "chainrule/threads/limit.h"
#include "chainrule/threads/team.h"
#include "check.h"
#include "threads_support.h"

namespace chainrule {
namespace {

struct Expected : std::runtime_error {
  using std::runtime_error::runtime_error;
};

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

TEST(a_region_sees_what_was_written_before_and_shows_what_it_writes) {
  // In a team of more threads than CPUs no worker is left out, so the count is what was asked for.
  const int n = usable_cpus() + 3;
  Team team(n);
  std::vector<std::int64_t> sums(static_cast<std::size_t>(n));
  std::vector<std::int64_t> numbers(1000);
  for (int round = 0; round < 500; ++round) {
    for (auto& number : numbers) number = round;
    team.run([&](int index, int count) {
      CHECK_EQUAL(count, n);
      const std::int64_t begin = 1000 * index / count, end = 1000 * (index + 1) / count;
      std::int64_t sum = 0;
      for (std::int64_t i = begin; i < end; ++i) sum += numbers[static_cast<std::size_t>(i)];
      sums[static_cast<std::size_t>(index)] = sum;
    });
    std::int64_t total = 0;
    for (const auto sum : sums) total += sum;
    CHECK_EQUAL(total, std::int64_t{1000} * round);
  }
}

TEST(parts_run_on_different_threads_at_the_same_time) {
  Team team(oversubscribed());
  for (int n = 1; n <= parallel_threads(); ++n) {
    check::at() = check::text(n, " threads");
    for (int round = 0; round < 20; ++round) {
      std::vector<std::thread::id> ids(static_cast<std::size_t>(n));
      CHECK(run_at_once(team, n, [&](int index) {
        ids[static_cast<std::size_t>(index)] = std::this_thread::get_id();
      }));
      CHECK_EQUAL(std::set(ids.begin(), ids.end()).size(), static_cast<std::size_t>(n));
      CHECK(ids[0] == std::this_thread::get_id());
    }
  }
}

TEST(parts_of_threads_that_do_not_come_are_taken_by_others) {
  if (usable_cpus() == 1) return;  // the caller does all itself
  // One part, of the caller or of a worker, ends when all others have been computed. Of these there are more than CPUs,
  // so some workers are not woken.
  Team team(usable_cpus() + 3);
  for (const int last : {0, 1}) {
    check::at() = check::text("part ", last);
    std::atomic<bool> in_time{false};
    CHECK(wait_for([&] {
      Meeting meeting(2, std::chrono::milliseconds(20));
      std::atomic<int> others{0};
      std::atomic<bool> met{false};
      team.run([&](int index, int count) {
        if (index <= 1 && !meeting.wait()) return;
        if (index != last) {
          ++others;
        } else {
          met = true;
          in_time = wait_for([&] { return others == count - 1; });
        }
      });
      return met.load();
    }));
    CHECK(in_time);
  }
}

TEST(a_region_inside_a_region_runs_alone) {
  std::atomic<int> calls_inside{0};
  const auto check_alone = [&] {
    Team inner(3);
    CHECK_EQUAL(inner.size(), 1);
    inner.run([&](int index, int count) {
      CHECK_EQUAL(index, 0);
      CHECK_EQUAL(count, 1);
      ++calls_inside;
    });
  };
  Team team(oversubscribed());
  team.run([&](int, int) { check_alone(); });
  CHECK_EQUAL(calls_inside.load(), team.size());
  CHECK(run_at_once(team, parallel_threads(), [&](int) { check_alone(); }));
}

// ---- exceptions

// Sets of indices, a bit for each.
int lowest_in(unsigned who) {
  int lowest = 0;
  while (!(who >> lowest & 1)) ++lowest;
  return lowest;
}
std::string name_of(int index) { return check::text("index ", index); }
void throw_if_in(unsigned who, int index) {
  if (who >> index & 1) throw Expected(name_of(index));
}

// What run() throws, "" for nothing.
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
    int count_seen = 0;
    const std::string thrown = thrown_by([&] {
      team.run([&](int index, int count) {
        if (index == 0) count_seen = count;
        throw_if_in(who, index);
      });
    });
    check::at() = check::text("indices ", who, ", ", count_seen, " parts");
    CHECK_EQUAL(thrown, lowest_in(who) < count_seen ? name_of(lowest_in(who)) : "");
    CHECK(!team.cancelled());
    int calls = 0;
    team.run([&](int index, int) {
      if (index == 0) ++calls;
    });
    CHECK_EQUAL(calls, 1);
  }
}

TEST(the_exception_of_the_lowest_index_comes_out_where_several_fail_at_the_same_time) {
  const int n = parallel_threads();
  Team team(oversubscribed());
  for (unsigned who = 1; who < 1U << n; ++who) {
    check::at() = check::text("indices ", who, " of ", n);
    const std::string thrown = thrown_by(
        [&] { CHECK(run_at_once(team, n, [&](int index) { throw_if_in(who, index); })); });
    CHECK_EQUAL(thrown, name_of(lowest_in(who)));
    CHECK(!team.cancelled());
  }
}

TEST(when_one_part_fails_the_others_may_see_it_and_end) {
  const int n = parallel_threads(), last = n - 1;
  Team team(oversubscribed());
  std::atomic<int> seen{0};
  CHECK_THROWS(Expected, "the last", run_at_once(team, n, [&](int index) {
                 if (index == last) throw Expected("the last");
                 seen += wait_for([&] { return team.cancelled(); });
               }));
  CHECK_EQUAL(seen.load(), last);
  // Index 0 runs first, whoever comes for the others.
  std::atomic<int> begun{0};
  std::atomic<bool> failed{false};
  seen = 0;
  CHECK_THROWS(Expected, "the first", team.run([&](int index, int) {
    if (index == 0) {
      failed = true;
      throw Expected("the first");
    }
    ++begun;
    seen += wait_for([&] { return failed && team.cancelled(); });
  }));
  CHECK_EQUAL(seen.load(), begun.load());
}

TEST(a_caller_polls_while_it_waits) {
  if (usable_cpus() == 1) return;  // the caller does all itself
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> on_caller{true};
  Team team(oversubscribed());
  for (int round = 0; round < 2; ++round) {
    Poll poll([&] {
      on_caller = on_caller && std::this_thread::get_id() == caller;
      throw Expected("interrupted");
    });
    // The worker's part ends when the hook has thrown.
    CHECK_THROWS(Expected, "interrupted",
                 run_at_once(
                     team, 2,
                     [&](int index) {
                       if (index == 1) wait_for([&] { return team.cancelled(); });
                     },
                     &poll));
  }
  CHECK(on_caller);
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
            const int begin = 100 * index / count, end = 100 * (index + 1) / count;
            for (int i = begin; i < end; ++i) sums[static_cast<std::size_t>(index)] += i;
          });
          std::int64_t total = 0;
          for (const auto sum : sums) total += sum;
          wrong += total != 4950;
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
    // All workers are leased, and the largest team has asked for more than this one.
    Team second(5);
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
  Team team(oversubscribed());
  const auto check_flushed = [&](bool flushed) {
    CHECK(run_at_once(team, parallel_threads(),
                      [&](int) { CHECK_EQUAL(tiny * 0.1F == 0, flushed); }));
  };
  for (int round = 0; round < 3; ++round) {
    check_flushed(false);
#if defined(__x86_64__) || defined(__aarch64__)
    const FlushDenormals flush;
    check_flushed(true);
#endif
  }
}

}  // namespace
}  // namespace chainrule
