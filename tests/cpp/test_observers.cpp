// Observers of a training: what they see, when they stop it, and the position that another training takes up.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "chainrule/error.h"
#include "check.h"
#include "problem.h"

namespace chainrule {
namespace {

constexpr std::int64_t kStepsAnEpoch = 4;  // of a Problem

// Notes what it sees, and stops or throws after a step.
struct Watcher final : Observer {
  Watches closely = Watches::kSteps;
  std::int64_t stop_at = -1, throw_at = -1;
  std::string seen;
  std::vector<double> costs;
  Record last;

  Watches watches() const override { return closely; }
  bool begin(const Record& record) override { return note('b', record); }
  bool after_step(const Record& record) override { return note('s', record); }
  bool after_epoch(const Record& record) override { return note('e', record); }
  void end(const Record& record) override { note('.', record); }

  bool note(char what, const Record& record) {
    seen += what;
    last = record;
    if (what == 's') costs.push_back(record.cost);
    if (record.step == throw_at) throw std::runtime_error("mine");
    return record.step == stop_at;
  }
};

TEST(observers_see_what_they_watch) {
  Problem<double> problem;
  problem.options.epochs = 2;
  for (const auto& [closely, seen] : {std::pair{Watches::kSteps, "bsssssssse."},
                                      {Watches::kRounds, "bsssssssse."},
                                      {Watches::kEpochs, "bee."},
                                      {Watches::kEnds, "b."}}) {
    Network<double> network(layers(), "mse", 1);
    Optimizer optimizer(adam(0.01));
    Watcher watcher;
    watcher.closely = closely;
    problem.options.callbacks = {&watcher};
    const History history = network.fit(problem.samples, optimizer, problem.options, problem.poll);
    std::string expected = seen;
    if (closely >= Watches::kRounds) expected.insert(1 + kStepsAnEpoch, "e");
    CHECK_EQUAL(watcher.seen, expected);
    CHECK_EQUAL(watcher.last.epoch, 2);
    CHECK_EQUAL(watcher.last.step, 2 * kStepsAnEpoch);
    CHECK_EQUAL(watcher.last.cost, history.cost().back());
    CHECK(!watcher.last.validation_cost);
    CHECK_EQUAL(network.steps_made(), 2 * kStepsAnEpoch);
    CHECK_EQUAL(history.stopped_by, History::kAllEpochs);
  }
}

TEST(observers_stop_a_training) {
  Problem<float> problem;
  problem.options.stop = {{"cost_below", {{"value", -1}}}};
  Network<float> network(layers(), "mse", 1);
  Optimizer optimizer(adam(0.01));
  Watcher looks_on, stops;
  stops.stop_at = 6;
  problem.options.callbacks = {&looks_on, &stops};
  const History history = network.fit(problem.samples, optimizer, problem.options, problem.poll);
  CHECK_EQUAL(history.stopped_by, 2);
  CHECK_EQUAL(history.cost().size(), 1U);
  CHECK_EQUAL(optimizer.steps(), 6);
  CHECK_EQUAL(looks_on.seen, "bssssess.");
}

TEST(observers_read_the_network_on_their_own_thread) {
  Problem<double> problem;
  problem.options.epochs = 1;
  Network<double> network(layers(), "mse", 1);
  Optimizer optimizer(adam(0.01));
  struct Reader final : Observer {
    Problem<double>* problem = nullptr;
    Network<double>* network = nullptr;
    Optimizer* optimizer = nullptr;
    int calls = 0;
    bool after_epoch(const Record&) override {
      ++calls;
      Poll poll;
      CHECK(network->cost(problem->samples, poll) > 0);
      CHECK_EQUAL(optimizer->states().size(), 2U);
      CHECK_THROWS(ConcurrentUseError, "this network is being trained",
                   network->train_step(problem->samples, *optimizer, poll));
      std::thread([&] {
        Poll other;
        CHECK_THROWS(ConcurrentUseError, "this network is being trained",
                     network->cost(problem->samples, other));
      }).join();
      return false;
    }
  } reader;
  reader.problem = &problem;
  reader.network = &network;
  reader.optimizer = &optimizer;
  problem.options.callbacks = {&reader};
  network.fit(problem.samples, optimizer, problem.options, problem.poll);
  CHECK_EQUAL(reader.calls, 1);
}

template <class T>
void check_position() {
  Problem<T> problem;
  problem.options.epochs = 3;
  problem.options.stop = {{"no_improvement", {{"restore_best", 1}}}};
  Network<T> whole(layers(), "mse", 1), pieces(layers(), "mse", 1);
  Optimizer of_whole(adam(0.01)), of_pieces(adam(0.01));
  const History expected = whole.fit(problem.samples, of_whole, problem.options, problem.poll);
  Position position;
  problem.options.position = &position;
  problem.options.leave_after = 1;
  History history;
  int n = 0;
  do {
    history = pieces.fit(problem.samples, of_pieces, problem.options, problem.poll);
    ++n;
  } while (history.stopped_by == History::kLeftOff);
  // The last piece has no step left to make, but the end of the epoch.
  CHECK_EQUAL(n, 3 * kStepsAnEpoch + 1);
  CHECK(position.empty());
  CHECK(parameters_of(pieces) == parameters_of(whole));
  CHECK(of_pieces.states() == of_whole.states());
  CHECK(history.cost() == expected.cost());
  CHECK_EQUAL(pieces.epochs_begun(), whole.epochs_begun());
  CHECK_EQUAL(pieces.steps_made(), whole.steps_made());
}

TEST(observers_and_all_else_go_on_from_a_position) {
  check_position<float>();
  check_position<double>();
}

TEST(observers_that_throw_leave_a_position) {
  Problem<double> problem;
  problem.options.epochs = 3;
  Network<double> network(layers(), "mse", 1), same(layers(), "mse", 1);
  Optimizer optimizer(adam(0.01)), of_same(adam(0.01));
  same.fit(problem.samples, of_same, problem.options, problem.poll);
  Watcher watcher;
  watcher.throw_at = 6;
  Position position;
  problem.options.callbacks = {&watcher};
  problem.options.position = &position;
  CHECK_THROWS(std::runtime_error, "mine",
               network.fit(problem.samples, optimizer, problem.options, problem.poll));
  CHECK_EQUAL(optimizer.steps(), 6);
  CHECK_EQUAL(position.state.number("steps"), 6);
  // Where the training has come to its end, there is none.
  watcher.closely = Watches::kEnds;
  watcher.throw_at = 3 * kStepsAnEpoch;
  CHECK_THROWS(std::runtime_error, "mine",
               network.fit(problem.samples, optimizer, problem.options, problem.poll));
  CHECK(position.empty());
  CHECK(parameters_of(network) == parameters_of(same));
}

TEST(observers_refuse_the_position_of_another_training) {
  Problem<double> problem;
  Network<double> network(layers(), "mse", 1);
  Optimizer optimizer(adam(0.01));
  Position position;
  problem.options.position = &position;
  problem.options.leave_after = 6;
  network.fit(problem.samples, optimizer, problem.options, problem.poll);
  const auto before = parameters_of(network);
  problem.options.batch_size = 32;
  CHECK_THROWS(std::invalid_argument, "with 64 samples in a batch; this one has 32",
               network.fit(problem.samples, optimizer, problem.options, problem.poll));
  CHECK(parameters_of(network) == before);
  CHECK_EQUAL(network.steps_made(), 6);
  CHECK_EQUAL(position.state.number("steps"), 6);
}

}  // namespace
}  // namespace chainrule
