// Networks used by several threads at once: predictions side by side, trainings that exclude what would get in their way, cancelled
// from outside, and a child of a process whose threads are idle.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/threads/limit.h"
#include "check.h"
#include "problem.h"
#include "threads_support.h"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/wait.h>
#include <unistd.h>
#define HAS_PROCESSES 1
#endif

namespace chainrule {
namespace {

constexpr std::int64_t kRows = 512;
constexpr int kThreads = 3;  // of each call

// Carried by rows, with several threads.
struct Wide {
  Network<float> network{
      std::vector<Spec>{input(32), dense(128, "tanh"), dense(96, "relu"), dense(4, "identity")},
      "mse", 1};
  std::vector<float> x, y;
  Samples<float> samples;

  Wide() : x(kRows * 32), y(kRows * 4) {
    RandomStream stream(9, Purpose::kShuffle, 0);
    for (float& value : x) value = static_cast<float>(stream.next_uniform() - 0.5);
    for (float& value : y) value = static_cast<float>(stream.next_uniform());
    samples.x = array_view(x.data(), kRows, 32);
    samples.y = array_view(y.data(), kRows, 4);
  }
  Wide(const Wide&) = delete;
  Wide& operator=(const Wide&) = delete;

  std::vector<float> predict(std::int64_t rows) const {
    const ThreadsScope scope(kThreads);
    std::vector<float> s(static_cast<std::size_t>(rows * 4));
    Poll poll;
    network.predict(array_view(x.data(), rows, 32), {s.data(), rows, 4}, poll);
    return s;
  }
};

void join(std::vector<std::thread>& threads) {
  for (std::thread& each : threads) each.join();
}

TEST(concurrent_predictions_have_the_bits_of_one) {
  const Wide wide;
  const std::vector<float> whole = wide.predict(kRows);
  std::atomic<int> different{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int round = 0; round < 20; ++round) {
        const std::int64_t rows = 1 + (97 * caller + 31 * round) % kRows;
        const std::vector<float> s = wide.predict(rows);
        if (!std::equal(s.begin(), s.end(), whole.begin())) ++different;
      }
    });
  }
  join(callers);
  CHECK_EQUAL(different, 0);
}

// Goes on until it is cancelled, by a hook that throws.
struct EndlessTraining {
  std::atomic<bool> cancelled{false};
  std::atomic<bool> begun{false};
  std::atomic<bool> threw{false};
  Optimizer optimizer{adam(1e-3)};
  std::thread thread;

  explicit EndlessTraining(Wide& wide) {
    thread = std::thread([&] {
      const ThreadsScope scope(kThreads);
      FitOptions<float> options;
      options.epochs = 1'000'000'000;
      options.batch_size = 64;
      Poll poll([&] {
        begun = true;
        if (cancelled) throw std::runtime_error("cancelled");
      });
      try {
        wide.network.fit(wide.samples, optimizer, options, poll);
      } catch (const std::runtime_error& error) {
        threw = error.what() == std::string("cancelled");
      }
    });
  }
  ~EndlessTraining() { end(); }
  EndlessTraining(const EndlessTraining&) = delete;
  EndlessTraining& operator=(const EndlessTraining&) = delete;

  void end() {
    cancelled = true;
    if (thread.joinable()) thread.join();
  }
};

TEST(a_training_excludes_all_other_uses) {
  Wide wide;
  {
    EndlessTraining training(wide);
    CHECK(wait_for([&] { return training.begun.load(); }));
    CHECK_THROWS(ConcurrentUseError, "network", wide.predict(1));
    Poll poll;
    CHECK_THROWS(ConcurrentUseError, "network", wide.network.cost(wide.samples, poll));
    Optimizer another(adam(1e-3));
    CHECK_THROWS(ConcurrentUseError, "network",
                 wide.network.train_step(wide.samples, another, poll));
    Wide other;
    CHECK_THROWS(ConcurrentUseError, "optimizer",
                 other.network.train_step(other.samples, training.optimizer, poll));
  }
  CHECK_EQUAL(wide.predict(1).size(), 4u);
}

TEST(a_training_is_cancelled_by_another_thread) {
  for (int round = 0; round < 3; ++round) {
    Wide wide;
    EndlessTraining training(wide);
    CHECK(wait_for([&] { return training.begun.load(); }));
    training.end();
    CHECK(training.threw);
    // It is at its last finished step: that of a training which was left there.
    Wide same;
    Optimizer optimizer(adam(1e-3));
    FitOptions<float> options;
    options.epochs = FitOptions<float>::kToTheEnd;
    options.batch_size = 64;
    Position position;
    options.position = &position;
    options.leave_after = wide.network.steps_made();
    Poll poll;
    same.network.fit(same.samples, optimizer, options, poll);
    CHECK_EQUAL(same.network.steps_made(), wide.network.steps_made());
    CHECK(parameters_of(same.network) == parameters_of(wide.network));
  }
}

// Predictions, trainings, cancellations and exceptions of many threads, all at once.
TEST(the_pool_under_stress) {
  const Wide reference;
  const std::vector<float> whole = reference.predict(kRows);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 6; ++caller) {
    callers.emplace_back([&, caller] {
      for (int round = 0; round < 6; ++round) {
        if ((caller + round) % 3 == 0) {
          if (reference.predict(kRows) != whole) ++wrong;
          continue;
        }
        Wide own;
        Optimizer optimizer(sgd(0.01));
        const ThreadsScope scope(1 + (caller + round) % 4);
        FitOptions<float> options;
        options.batch_size = 128;
        options.epochs = 3;
        int polls = 0;
        Poll poll([&] {
          if (round % 2 == 1 && ++polls > round) throw std::runtime_error("enough");
        });
        try {
          own.network.fit(own.samples, optimizer, options, poll);
          if (own.network.steps_made() != 12) ++wrong;
        } catch (const std::runtime_error&) {
          if (round % 2 == 0) ++wrong;
        }
      }
    });
  }
  join(callers);
  CHECK_EQUAL(wrong, 0);
}

#if defined(HAS_PROCESSES)
TEST(a_child_forked_while_all_threads_are_idle_computes_the_same) {
  const Wide wide;
  const std::vector<float> expected = wide.predict(kRows);
  const pid_t child = fork();
  if (child == 0) _exit(wide.predict(kRows) == expected ? 0 : 1);
  CHECK(child > 0);
  int status = 0;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
  CHECK(wide.predict(kRows) == expected);
}
#endif

}  // namespace
}  // namespace chainrule
