// Whichever allocation fails, a call throws std::bad_alloc, everything is as before or at the last finished step, nothing leaks, and
// the next call works.
// SPDX-License-Identifier: BSD-3-Clause
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "chainrule/threads/limit.h"
#include "check.h"
#include "counted_allocations.h"
#include "problem.h"

namespace chainrule {
namespace {

// The n-th allocation of a call fails, for n = 0, 1, 2, ... until there is none. `look` sees what each failure has left.
template <class Call, class Look>
std::int64_t fail_each_allocation(Call&& call, Look&& look) {
  for (std::int64_t n = 0;; ++n) {
    check::at() = check::text("allocation ", n);
    bool failed = false;
    allocations_to_failure = n;
    try {
      call();
    } catch (const std::bad_alloc&) {
      failed = true;
    } catch (...) {
      allocations_to_failure = -1;
      throw;
    }
    const bool was_due = allocations_to_failure < 0;
    allocations_to_failure = -1;
    look();
    if (!was_due) return n;
    CHECK(failed);
  }
}

Spec with_everything() {
  return {"adam",
          {{"learning_rate", 0.01}, {"accumulate", 2}, {"ema", 0.9}},
          {},
          {{"gradient", {"clip_norm", {{"clip_norm", 1}}}}}};
}

// A training that needs as much as trainings may.
template <class T>
struct Trained {
  Problem<T> problem;
  Network<T> network;
  Optimizer optimizer{with_everything()};

  Trained() : network(network_spec(), 5) {
    problem.options.epochs = 3;
    problem.options.validation = &problem.samples;
    problem.options.stop = {{"no_improvement", {{"restore_best", 1}}}};
    problem.options.gradient_norm = true;
  }

  static Spec network_spec() {
    std::vector<Spec> stages = layers();
    stages.insert(stages.begin() + 2, {{"layer_norm"}, {"dropout", {{"rate", 0.2}}}});
    return chainrule::network(stages, "mse");
  }
};

template <class T>
void check_construction() {
  const std::int64_t live = live_allocations();
  const std::int64_t n = fail_each_allocation([] { Network<T>(Trained<T>::network_spec(), 5); },
                                              [&] { CHECK_EQUAL(live_allocations(), live); });
  CHECK(n > 10);
}

template <class T>
void check_prediction() {
  Trained<T> trained;
  std::vector<T> expected(200), s(200);
  const MatrixView<T> output(s.data(), 200, 1);
  Poll poll;
  Network<T>(Trained<T>::network_spec(), 5)
      .predict(trained.problem.samples.x, {expected.data(), 200, 1}, poll);
  const std::vector<T> parameters = parameters_of(trained.network);
  const std::int64_t live = live_allocations();
  bool done = false;
  const std::int64_t n = fail_each_allocation(
      [&] {
        trained.network.predict(trained.problem.samples.x, output, poll);
        done = true;
      },
      [&] {
        CHECK(parameters_of(trained.network) == parameters);
        if (!done) CHECK_EQUAL(live_allocations(), live);
      });
  CHECK(n > 0);
  CHECK(s == expected);
}

template <class T>
void check_training() {
  const std::int64_t live = live_allocations();
  std::int64_t n = 0;
  {
    std::vector<T> whole;
    {
      Trained<T> trained;
      trained.network.fit(trained.problem.samples, trained.optimizer, trained.problem.options,
                          trained.problem.poll);
      whole = parameters_of(trained.network);
    }
    std::unique_ptr<Trained<T>> trained;
    Position position;
    // What an earlier failure has left goes on from there: in the end it is as if nothing had failed.
    trained = std::make_unique<Trained<T>>();
    trained->problem.options.position = &position;
    n = fail_each_allocation(
        [&] {
          Trained<T>& own = *trained;
          own.network.fit(own.problem.samples, own.optimizer, own.problem.options,
                          own.problem.poll);
        },
        [] {});
    CHECK(position.empty());
    CHECK(parameters_of(trained->network) == whole);
  }
  CHECK(n > 10);
  CHECK_EQUAL(live_allocations(), live);
}

TEST(allocation_failures_leave_everything_as_before) {
  for (const int threads : {1, 2}) {
    const ThreadsScope scope(threads);
    {  // What lives as long as the process is there then.
      Trained<float> trained;
      trained.network.fit(trained.problem.samples, trained.optimizer, trained.problem.options,
                          trained.problem.poll);
    }
    check_construction<float>();
    check_construction<double>();
    check_prediction<float>();
    check_prediction<double>();
    check_training<float>();
    check_training<double>();
  }
}

}  // namespace
}  // namespace chainrule
