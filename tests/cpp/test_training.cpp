// Training: it learns, repeats its bits, and ends well whatever ends it.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "chainrule/error.h"
#include "check.h"
#include "problem.h"

namespace chainrule {
namespace {

template <class T>
void check_training_lowers_the_cost(const Spec& optimizer_spec) {
  check::at() = optimizer_spec.name;
  Problem<T> problem;
  Network<T> network(layers(), "mse", 1);
  Optimizer optimizer(optimizer_spec);
  const double before = network.cost(problem.samples, problem.poll);
  const History history = network.fit(problem.samples, optimizer, problem.options, problem.poll);
  CHECK_EQUAL(history.cost().size(), 20U);
  CHECK_EQUAL(history.stopped_by, History::kAllEpochs);
  CHECK_EQUAL(optimizer.steps(), 80);
  CHECK_EQUAL(network.epochs_begun(), 20);
  CHECK(network.cost(problem.samples, problem.poll) < 0.8 * before);
  CHECK(history.cost().back() < history.cost().front());
}

TEST(training_lowers_the_cost_with_every_optimizer) {
  for (const Spec& optimizer : {sgd(0.1), sgd(0.05, 0.9), sgd(0.05, 0.9, true), adam(0.01)}) {
    check_training_lowers_the_cost<float>(optimizer);
    check_training_lowers_the_cost<double>(optimizer);
  }
}

// Two steps from w = 1 where dC/dw is 1, then `second`: as in tests/test_reference.py.
void check_steps(const Spec& spec, double second, const std::vector<double>& by_hand) {
  check::at() = spec.name;
  Network<double> network({input(1), dense(1, "identity", false)}, "", 0);
  Optimizer optimizer(spec);
  network.parameters()[0] = 1;
  const double x = 1;
  double gradient = 1;
  Samples<double> samples;
  samples.x = array_view(&x, 1, 1);
  samples.custom_cost = [&](const Rows&, MatrixView<const double>, MatrixView<double> dC_ds) {
    dC_ds.data[0] = gradient;
    return 0.0;
  };
  Poll poll;
  for (const double expected : by_hand) {
    network.train_step(samples, optimizer, poll);
    CHECK_NEAR(network.parameters()[0], expected, 1e-15);
    gradient = second;
  }
}

TEST(training_makes_the_steps_of_its_optimizer) {
  check_steps(sgd(0.1, 0), 2, {0.9, 0.7});
  check_steps(sgd(0.1, 0.9), 2, {0.9, 0.61});
  check_steps(sgd(0.1, 0.9, true), 2, {0.81, 0.349});
  check_steps({"adam", {{"learning_rate", 0.1}, {"betas[0]", 0.5}, {"betas[1]", 0.75}, {"eps", 1}}},
              2.5, {0.95, 0.95 - 0.2 / 3});
}

template <class T>
std::vector<T> trained(std::uint64_t seed, const std::vector<std::int64_t>& epochs) {
  Problem<T> problem;
  Network<T> network(layers(), "mse", seed);
  Optimizer optimizer(adam(0.01));
  for (const std::int64_t each : epochs) {
    problem.options.epochs = each;
    network.fit(problem.samples, optimizer, problem.options, problem.poll);
  }
  return parameters_of(network);
}

template <class T>
void check_seeds() {
  const auto first = trained<T>(1, {5});
  CHECK(trained<T>(1, {5}) == first);
  CHECK(trained<T>(1, {2, 3}) == first);
  CHECK(trained<T>(2, {5}) != first);
  CHECK(trained<T>(1, {0}) == parameters_of(Network<T>(layers(), "mse", 1)));
  CHECK(trained<T>(1, {0}) != trained<T>(2, {0}));
}

TEST(training_of_one_seed_gives_the_same_bits) {
  check_seeds<float>();
  check_seeds<double>();
}

TEST(training_stops_by_its_conditions) {
  Problem<double> problem;
  Network<double> network(layers(), "mse", 1);
  Optimizer optimizer(adam(0.01));
  const auto fit = [&](const Spec& condition) {
    problem.options.epochs = FitOptions<double>::kUntilStopped;
    problem.options.stop = {{"time_limit", {{"seconds", 3600}}}, condition};
    const History history = network.fit(problem.samples, optimizer, problem.options, problem.poll);
    CHECK_EQUAL(history.stopped_by, 1);
    return history;
  };
  const History below = fit({"cost_below", {{"value", 0.02}}});
  CHECK(below.cost().back() < 0.02);
  CHECK(std::all_of(below.cost().begin(), below.cost().end() - 1,
                    [](double c) { return c >= 0.02; }));
  CHECK_EQUAL(fit({"no_improvement", {{"patience", 3}, {"min_delta", 1e9}}}).cost().size(), 4U);
  CHECK_EQUAL(fit({"time_limit", {{"seconds", 1e-9}}}).cost().size(), 0U);

  Problem<double> validation;
  problem.options.validation = &validation.samples;
  problem.options.stop.clear();
  problem.options.epochs = 3;
  const History both = network.fit(problem.samples, optimizer, problem.options, problem.poll);
  CHECK_EQUAL(both.validation_cost().size(), 3U);
  CHECK_NEAR(both.validation_cost().back(), network.cost(validation.samples, validation.poll),
             1e-15);
}

TEST(training_refuses_what_does_not_fit_and_changes_nothing) {
  Problem<float> problem;
  Network<float> network(layers(), "mse", 1);
  Optimizer optimizer(adam(0.01));
  const auto before = parameters_of(network);
  const auto refuses = [&](const Samples<float>& samples, const char* message) {
    CHECK_THROWS(std::invalid_argument, message,
                 network.fit(samples, optimizer, problem.options, problem.poll));
  };
  Samples<float> samples = problem.samples;
  samples.x = array_view(problem.x.data(), 100, 4);
  refuses(samples, "x has shape (100, 4), expected (100, 2)");
  samples = problem.samples;
  samples.y = array_view(problem.y.data(), 199, 1);
  refuses(samples, "y has shape (199, 1), expected (200, 1)");
  samples = problem.samples;
  samples.x = array_view(problem.x.data(), 0, 2);
  refuses(samples, "x has no samples");
  problem.y[7] = std::nanf("");
  refuses(problem.samples, "y has nan in row 7, column 0; expected finite numbers only");
  problem.y[7] = 0;
  problem.options.batch_size = 0;
  refuses(problem.samples, "batch_size must be >= 1, got 0");
  problem.options.batch_size = 64;
  problem.options.epochs = FitOptions<float>::kUntilStopped;
  refuses(problem.samples, "training needs a stop condition");
  CHECK(parameters_of(network) == before);
  CHECK_EQUAL(optimizer.steps(), 0);
  CHECK_EQUAL(network.epochs_begun(), 0);
}

TEST(training_refuses_the_optimizer_of_another) {
  Problem<double> problem;
  Network<double> one(layers(), "mse", 1), other(layers(), "mse", 1);
  Optimizer optimizer(adam(0.01));
  one.train_step(problem.samples, optimizer, problem.poll);
  CHECK_THROWS(std::invalid_argument, "state of another network",
               other.train_step(problem.samples, optimizer, problem.poll));
  one.train_step(problem.samples, optimizer, problem.poll);
  CHECK_EQUAL(optimizer.steps(), 2);
}

template <class T>
void check_divergence() {
  Problem<T> problem;
  Network<T> network(layers(), "mse", 1);
  Optimizer optimizer(sgd(1e10));
  CHECK_THROWS(TrainingDiverged, "the weights are the last finite ones",
               network.fit(problem.samples, optimizer, problem.options, problem.poll));
  for (const T value : parameters_of(network)) CHECK(std::isfinite(value));
  const std::int64_t steps = optimizer.steps();
  CHECK_THROWS(TrainingDiverged, "", [&] {
    for (int i = 0; i < 100; ++i) network.train_step(problem.samples, optimizer, problem.poll);
  }());
  CHECK(optimizer.steps() >= steps);
  for (const T value : parameters_of(network)) CHECK(std::isfinite(value));
}

TEST(training_that_diverges_keeps_finite_weights) {
  check_divergence<float>();
  check_divergence<double>();
}

TEST(a_divergence_tells_where_it_began) {
  Network<double> network({input(2), dense(2, "identity", false), dense(1, "identity", false)},
                          "mse", 0);
  Optimizer optimizer(sgd(0));
  const double x[] = {1, 1, 1, 1}, y[] = {0, 0};
  Samples<double> samples;
  samples.x = array_view(x, 2, 2);
  samples.y = array_view(y, 2, 1);
  for (std::int64_t i = 0; i < network.n_parameters(); ++i) network.parameters()[i] = 1.7e308;
  Poll poll;
  FitOptions<double> options;
  options.batch_size = 1;
  try {
    network.fit(samples, optimizer, options, poll);
    CHECK(false);
  } catch (const TrainingDiverged& error) {
    CHECK_EQUAL(*error.epoch, 1);
    CHECK_EQUAL(*error.step, 1);
    CHECK_EQUAL(*error.layer, 2);
    CHECK(error.happened + "; the weights are the last finite ones. " + error.advice ==
          error.what());
  }
}

template <class T>
void check_goes_back(OnDivergence how) {
  Problem<T> problem;
  Network<T> network(layers(), "mse", 1);
  const double rate = sizeof(T) == 4 ? 1e10 : 1e100;  // too large within an epoch, and halved, too
  Optimizer optimizer(sgd(rate));
  std::vector<std::string> warnings;
  problem.options.on_divergence = how;
  problem.options.warn = [&](const std::string& text, Warning about) {
    CHECK(about == Warning::kDivergence);
    warnings.push_back(text);
  };
  const auto before = parameters_of(network);
  History history;
  if (how == OnDivergence::kStop) {
    network.fit(problem.samples, optimizer, problem.options, problem.poll, history);
    CHECK_EQUAL(history.stopped_by, History::kDiverged);
    CHECK_EQUAL(warnings.size(), 1U);
    CHECK(history.restored.empty());
    CHECK(parameters_of(network) != before);
  } else {
    CHECK_THROWS(TrainingDiverged, "the weights are those that the training began with",
                 network.fit(problem.samples, optimizer, problem.options, problem.poll, history));
    CHECK_EQUAL(warnings.size(), FitOptions<T>::kMostRestores);
    CHECK_EQUAL(history.restored.size(), FitOptions<T>::kMostRestores);
    CHECK_EQUAL(history.restored.back().learning_rate, rate / 32);
    CHECK_EQUAL(optimizer.number("learning_rate"), rate / 32);
    CHECK_EQUAL(optimizer.steps(), 0);
    CHECK(parameters_of(network) == before);
  }
  CHECK(history.diverged.has_value());
}

TEST(training_that_diverges_stops_or_goes_back) {
  check_goes_back<float>(OnDivergence::kStop);
  check_goes_back<double>(OnDivergence::kStop);
  check_goes_back<float>(OnDivergence::kRestore);
  check_goes_back<double>(OnDivergence::kRestore);
}

TEST(training_keeps_a_weight_that_would_overflow) {
  // dC/dw is about 20 and 0.02: the step is too long for the first weight only.
  Network<float> network({input(2), dense(1, "identity", false)}, "mse", 0);
  Optimizer optimizer(sgd(1e38));
  const float x[] = {1, 1e-3F}, y = 10;
  Samples<float> samples;
  samples.x = array_view(x, 1, 2);
  samples.y = array_view(&y, 1, 1);
  Poll poll;
  const auto before = parameters_of(network);
  CHECK_THROWS(TrainingDiverged, "a gradient or a weight is no longer finite",
               network.train_step(samples, optimizer, poll));
  CHECK_EQUAL(parameters_of(network)[0], before[0]);
  CHECK(std::isfinite(parameters_of(network)[1]));
  CHECK_EQUAL(optimizer.steps(), 0);
}

TEST(training_changes_nothing_where_the_cost_is_not_finite) {
  Network<float> network({input(2), dense(1, "identity", false)}, "mse", 0);
  Optimizer optimizer(adam(0.1));
  const float x[] = {1, 1e-3F}, y = 1e30F;
  Samples<float> samples;
  samples.x = array_view(x, 1, 2);
  samples.y = array_view(&y, 1, 1);
  Poll poll;
  const auto before = parameters_of(network);
  CHECK_THROWS(TrainingDiverged, "the cost became inf",
               network.train_step(samples, optimizer, poll));
  CHECK(parameters_of(network) == before);
  CHECK_EQUAL(optimizer.steps(), 0);
}

struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

TEST(training_stays_at_its_last_finished_step_when_the_hook_throws) {
  Problem<double> problem;
  problem.options.batch_size = 200;  // each epoch is one step
  problem.options.epochs = 1'000'000'000;
  Network<double> network(layers(), "mse", 1), uninterrupted(layers(), "mse", 1);
  Optimizer optimizer(adam(0.001)), same(adam(0.001));
  Poll interrupting([] { throw Interrupted(); });
  CHECK_THROWS(Interrupted, "interrupted",
               network.fit(problem.samples, optimizer, problem.options, interrupting));
  CHECK(optimizer.steps() > 0);
  CHECK_EQUAL(network.epochs_begun(), optimizer.steps());

  // Both go on, and arrive at the same bits.
  problem.options.epochs = optimizer.steps() + 2;
  uninterrupted.fit(problem.samples, same, problem.options, problem.poll);
  problem.options.epochs = 2;
  network.fit(problem.samples, optimizer, problem.options, problem.poll);
  CHECK_EQUAL(optimizer.steps(), same.steps());
  CHECK(parameters_of(network) == parameters_of(uninterrupted));
}

TEST(training_changes_nothing_when_the_cost_throws) {
  Problem<double> problem;
  Network<double> network(layers(), "", 1);
  Optimizer optimizer(adam(0.01));
  const auto before = parameters_of(network);
  Samples<double> samples;
  samples.x = problem.samples.x;
  samples.custom_cost = [](const Rows&, MatrixView<const double>, MatrixView<double>) -> double {
    throw Interrupted();
  };
  CHECK_THROWS(Interrupted, "", network.fit(samples, optimizer, problem.options, problem.poll));
  CHECK_THROWS(Interrupted, "", network.train_step(samples, optimizer, problem.poll));
  CHECK(parameters_of(network) == before);
  CHECK_EQUAL(optimizer.steps(), 0);
}

}  // namespace
}  // namespace chainrule
