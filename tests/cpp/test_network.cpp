// Networks as a C++ program uses them: the article's, worked out in numbers; predictions, costs, wrong input, uses.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "activations/list.h"
#include "check.h"
#include "error.h"
#include "losses/list.h"
#include "network/network.h"
#include "network/stop_conditions.h"
#include "problem.h"

namespace chainrule {
namespace {

// The output activations that a loss takes.
std::vector<std::string> outputs_of(const std::string& loss) {
  if (loss == "cross_entropy") return {"softmax"};
  if (loss == "binary_cross_entropy") return {"sigmoid"};
  return Activations::names();
}

template <class T>
void check_near(const T* values, const std::vector<double>& expected, double bound) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    check::at() = check::text("element ", i);
    CHECK_NEAR(static_cast<double>(values[i]), expected[i], bound);
  }
  check::at().clear();
}

// ---- The article's network, worked out in tests/test_article.py --------------------------------------------------

// W^(l) as (n_in, n_out), then b^(l)
constexpr double kArticle[] = {0.5, -0.5, -0.25, 0.5, 0.5,  0.25, 1, -1, 1, -0.25,  // W^(1), b^(1)
                               1,   0.5,  -2,    2,   0.25, -1,                     // W^(2), b^(2)
                               2,   -1};                                            // W^(3)

template <class T>
void check_article(double bound) {
  Network<T> network(
      {input(4), dense(2, "sigmoid"), dense(2, "sigmoid"), dense(1, "identity", false)}, "mse", 0);
  CHECK_EQUAL(network.n_parameters(), 18);
  std::transform(std::begin(kArticle), std::end(kArticle), network.parameters(),
                 [](double value) { return static_cast<T>(value); });
  const T x[] = {1, 2, -1, T(0.5)}, y[] = {1};
  Samples<T> samples;
  samples.x = array_view(x, 1, 4);
  samples.y = array_view(y, 1, 1);
  Poll poll;

  const auto trace = network.trace(samples, poll);
  check_near(trace.plan->a(1).data, {1, 2, -1, 0.5}, 0);
  check_near(trace.plan->z(2).data, {1.0, -0.5}, bound);
  check_near(trace.plan->a(2).data, {0.73105858, 0.37754067}, bound);
  check_near(trace.plan->z(3).data, {0.22597724, 0.12061063}, bound);
  check_near(trace.plan->a(3).data, {0.55625512, 0.53011616}, bound);
  check_near(trace.plan->z(4).data, {0.58239409}, bound);
  check_near(trace.plan->a(4).data, {0.58239409}, bound);
  check_near(trace.dC_ds.data, {-0.83521183}, bound);
  check_near(trace.plan->delta(4).data, {-0.83521183}, bound);
  check_near(trace.plan->delta(3).data, {-0.41231963, 0.20804543}, bound);
  check_near(trace.plan->delta(2).data, {-0.06061485, 0.29157618}, bound);
  constexpr double kCost = 0.17439470;
  CHECK_NEAR(trace.cost, kCost, bound);

  const std::vector<double> gradient{
      -0.06061485, 0.29157618, -0.12122970, 0.58315237, 0.06061485,  -0.29157618,
      -0.03030743, 0.14578809, -0.06061485, 0.29157618, -0.30142980, 0.15209340,
      -0.15566743, 0.07854561, -0.41231963, 0.20804543, -0.46459086, -0.44275929};
  check_near(trace.gradient.data(), gradient, bound);
  std::vector<T> flat(18);
  CHECK_NEAR(network.value_and_gradient(samples, flat.data(), poll), kCost, bound);
  check_near(flat.data(), gradient, bound);

  T s = 0;
  network.predict(samples.x, {&s, 1, 1}, poll);
  CHECK_NEAR(static_cast<double>(s), 0.58239409, bound);
  CHECK_NEAR(network.cost(samples, poll), kCost, bound);

  Optimizer optimizer(sgd(0.5));
  CHECK_NEAR(network.train_step(samples, optimizer, poll), kCost, bound);
  std::vector<double> next(std::begin(kArticle), std::end(kArticle));
  for (std::size_t i = 0; i < next.size(); ++i) next[i] -= 0.5 * gradient[i];
  check_near(network.parameters(), next, bound);
  CHECK_NEAR(network.cost(samples, poll), 0.10916923, bound);
  CHECK_EQUAL(optimizer.steps(), 1);
}

TEST(network_of_the_article) {
  check_article<double>(1.5e-8);  // the numbers have 8 decimals
  check_article<float>(1e-6);
}

// ---- First parameters, predictions, costs ------------------------------------------------------------------------

TEST(network_starts_with_the_same_numbers_for_ever) {
  // Every machine draws these bits from this seed: another number here is another network for every user.
  const auto draw = [](const char* init) {
    return parameters_of(Network<double>({input(3), dense(2, "tanh", true, init)}, "mse", 2024));
  };
  CHECK((draw("glorot_uniform") ==
         std::vector<double>{0x1.c2ae5c0bc537bp-8, 0x1.12c327487599cp+0, -0x1.de80c181399e5p-1,
                             0x1.d7bab4dccf761p-1, -0x1.07d928920b5d0p+0, 0x1.4cc6c3707a4b6p-1,
                             -0x1.9295aa2e0c253p-1, -0x1.97c1c846d363dp-1}));
  CHECK((draw("he_normal") == std::vector<double>{0x1.a503d2f138fc3p-8, 0x1.e5626fd2e7497p+0,
                                                  -0x1.2f3ce7da63927p+0, 0x1.26725efaae9e3p+0,
                                                  -0x1.8a74280ba1d23p+0, 0x1.5ae0821e09e0ep-1,
                                                  -0x1.c18d6552b4462p-1, -0x1.ca43a08a05630p-1}));
}

TEST(network_initializers_have_their_range) {
  const auto largest = [](const std::string& init) {
    const Network<double> network({input(50), dense(200, "relu", true, init)}, "mse", 3);
    const auto parameters = parameters_of(network);
    return *std::max_element(parameters.begin(), parameters.end());
  };
  // Of 10200 numbers the largest is within a thousandth of its bound.
  CHECK_NEAR(largest("glorot_uniform"), std::sqrt(6.0 / 250), 1e-3);
  CHECK_NEAR(largest("he_uniform"), std::sqrt(6.0 / 50), 1e-3);
  CHECK_NEAR(largest("uniform"), std::sqrt(1.0 / 50), 1e-3);
  CHECK_EQUAL(largest("zeros"), 0.0);
  const auto deviation = [](const std::string& init) {
    const Network<double> network({input(50), dense(200, "relu", true, init)}, "mse", 3);
    double sum = 0;
    for (const double value : parameters_of(network)) sum += value * value;
    return std::sqrt(sum / static_cast<double>(network.n_parameters()));
  };
  // 10200 numbers: the deviation is known within 5 / sqrt(2 * 10200) = 3.5 %.
  CHECK_NEAR(deviation("glorot_normal") / std::sqrt(2.0 / 250), 1.0, 0.035);
  CHECK_NEAR(deviation("he_normal") / std::sqrt(2.0 / 50), 1.0, 0.035);
  CHECK_NEAR(deviation("normal") / std::sqrt(1.0 / 50), 1.0, 0.035);
}

TEST(network_predicts_many_rows_as_it_predicts_few) {
  // More rows than are predicted at a time, so that there are several chunks and a smaller last one.
  const std::int64_t rows = 2 * kRowsAtOnce + 3;
  std::vector<double> x(static_cast<std::size_t>(2 * rows)), s(static_cast<std::size_t>(rows));
  RandomStream stream(10, Purpose::kShuffle, 0);
  for (double& value : x) value = stream.next_uniform();
  const Network<double> network(layers(), "mse", 1);
  Poll poll;
  network.predict(array_view(x.data(), rows, 2), {s.data(), rows, 1}, poll);
  for (const std::int64_t i : {std::int64_t{0}, kRowsAtOnce - 1, kRowsAtOnce, rows - 1}) {
    double alone = 0;
    network.predict(array_view(&x[static_cast<std::size_t>(2 * i)], 1, 2), {&alone, 1, 1}, poll);
    CHECK_NEAR(alone, s[static_cast<std::size_t>(i)], 1e-14);
  }
  network.predict(array_view(x.data(), 0, 2), {s.data(), 0, 1}, poll);
}

TEST(network_gradients_are_those_of_central_differences) {
  RandomStream stream(11, Purpose::kShuffle, 0);
  double x[5 * 3], y[5 * 2], weight[5];
  for (double& value : x) value = 2 * stream.next_uniform() - 1;
  for (double& value : weight) value = stream.next_uniform();
  for (std::size_t i = 0; i < 5; ++i) y[2 * i + 1] = 1 - (y[2 * i] = stream.next_uniform());
  Samples<double> samples;
  samples.x = array_view(x, 5, 3);
  samples.y = array_view(y, 5, 2);
  samples.weight = array_view(weight, 5, 1);
  Poll poll;
  for (const std::string& hidden : Activations::names()) {
    for (const std::string& loss : Losses::names()) {
      for (const std::string& output : outputs_of(loss)) {
        Network<double> network({input(3), dense(4, hidden), dense(2, output)}, loss, 5);
        std::vector<double> gradient(static_cast<std::size_t>(network.n_parameters()));
        network.value_and_gradient(samples, gradient.data(), poll);
        for (std::size_t i = 0; i < gradient.size(); ++i) {
          check::at() = check::text(hidden, ", ", output, ", ", loss, ", parameter ", i);
          double& w = network.parameters()[i];
          const double at = w, h = 1e-5;
          w = at + h;
          const double above = network.cost(samples, poll);
          w = at - h;
          const double below = network.cost(samples, poll);
          w = at;
          CHECK_NEAR(gradient[i], (above - below) / (2 * h), 1e-9);
        }
      }
    }
  }
}

TEST(network_takes_labels_for_distributions) {
  const double x[] = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::int64_t labels[] = {2, 0, 1, 2};
  const double distributions[] = {0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1};
  const Network<double> network({input(2), dense(3, "softmax")}, "cross_entropy", 4);
  Samples<double> with_labels, with_distributions;
  with_labels.x = with_distributions.x = array_view(x, 4, 2);
  with_labels.y = array_view(labels, 4, 1);
  with_labels.y_is_labels = true;
  with_distributions.y = array_view(distributions, 4, 3);
  Poll poll;
  std::vector<double> one(9), other(9);
  CHECK_EQUAL(network.value_and_gradient(with_labels, one.data(), poll),
              network.value_and_gradient(with_distributions, other.data(), poll));
  CHECK(one == other);
}

TEST(network_with_custom_cost_does_as_with_the_named_one) {
  Problem<double> problem;
  const Network<double> named(layers(), "mse", 1), custom(layers(), "", 1);
  Samples<double> samples;
  samples.x = problem.samples.x;
  samples.custom_cost = [&](const Rows& rows, MatrixView<const double> s,
                            MatrixView<double> dC_ds) {
    double sum = 0;
    for (std::int64_t i = 0; i < rows.count; ++i) {
      const double error = s.row(i)[0] - problem.y[static_cast<std::size_t>(rows[i])];
      sum += error * error;
      dC_ds.row(i)[0] = 2 * error / static_cast<double>(rows.count);
    }
    return sum / static_cast<double>(rows.count);
  };
  std::vector<double> one(static_cast<std::size_t>(named.n_parameters())), other(one.size());
  CHECK_NEAR(custom.value_and_gradient(samples, one.data(), problem.poll),
             named.value_and_gradient(problem.samples, other.data(), problem.poll), 1e-15);
  check_near(one.data(), other, 1e-14);
}

// ---- Wrong input, and uses at the same time ----------------------------------------------------------------------

TEST(network_refuses_labels_out_of_range) {
  const float x[] = {1, 2, 3};
  double labels[] = {0, 1, 2};
  const Network<float> network({input(1), dense(3, "softmax")}, "cross_entropy", 0);
  Samples<float> samples;
  samples.x = array_view(x, 3, 1);
  samples.y = array_view(labels, 3, 1);
  samples.y_is_labels = true;
  Poll poll;
  network.cost(samples, poll);
  for (const double bad : {3.0, -1.0, 0.5, 1e300}) {
    labels[1] = bad;
    CHECK_THROWS(std::invalid_argument, " in row 1, column 0", network.cost(samples, poll));
  }
}

TEST(network_refuses_a_matrix_of_another_shape_for_its_outputs) {
  const Network<float> network({input(2), dense(3, "tanh")}, "mse", 0);
  const float x[8] = {};
  float s[16];
  Poll poll;
  const auto refuses = [&](MatrixView<float> out, const char* message) {
    std::fill_n(s, 16, 7.0f);
    CHECK_THROWS(ShapeError, message, network.predict(array_view(x, 4, 2), out, poll));
    for (const float each : s) CHECK_EQUAL(each, 7.0f);
  };
  refuses({s, 3, 3}, "s has shape (3, 3)");
  refuses({s, 4, 2}, "s has shape (4, 2)");
  refuses({s, 4, 4}, "expected (4, 3)");
  refuses({s, 4, 3, 2}, "2 numbers apart");
  refuses({}, "s has shape (0, 0)");
  network.predict(array_view(x, 4, 2), {s, 4, 3, 4}, poll);
  CHECK_EQUAL(s[3], 7.0f);
  CHECK_EQUAL(s[4], s[0]);
}

TEST(network_refuses_outputs_that_its_loss_does_not_take) {
  for (const std::string& loss : Losses::names()) {
    const std::vector<std::string> taken = outputs_of(loss);
    for (const std::string& output : Activations::names()) {
      if (std::count(taken.begin(), taken.end(), output)) {
        Network<float>({input(3), dense(2, output)}, loss, 0);
        continue;
      }
      const std::string message = "takes the outputs of " + taken.front() +
                                  ", but layer 2, Dense(2, \"" + output + "\"), has " + output;
      CHECK_THROWS(std::invalid_argument, message.c_str(),
                   Network<float>({input(3), dense(2, output)}, loss, 0));
    }
  }
  CHECK_THROWS(std::invalid_argument, "binary_cross_entropy",
               Network<float>({input(3), dense(1, "softmax")}, "cross_entropy", 0));
  CHECK_THROWS(std::invalid_argument, "is the constant 1",
               Network<float>({input(3), dense(1, "softmax")}, "mse", 0));
}

TEST(members_refuse_specs_with_too_few_or_too_many_parts) {
  const auto refuses = [](const Spec& spec, const char* message) {
    CHECK_THROWS(std::invalid_argument, message, Network<float>({input(3), spec}, "mse", 0));
  };
  refuses({"dense", {2, 1}, {}}, "dense takes 2 numbers and 2 words, got 2 and 0");
  refuses({"dense", {2}, {"tanh", "zeros"}}, "dense takes 2 numbers and 2 words, got 1 and 2");
  refuses({"dense", {2, 0.5}, {"tanh", "zeros"}}, "bias must be 0 or 1, got 0.5");
  CHECK_THROWS(std::invalid_argument, "input takes 1 numbers",
               Network<float>({{"input", {}, {}}, dense(2, "tanh")}, "mse", 0));
  CHECK_THROWS(std::invalid_argument, "cost_below takes 1 numbers",
               make_stop_condition({"cost_below", {}, {}}));
  CHECK_THROWS(std::invalid_argument, "no_improvement takes 2 numbers",
               make_stop_condition({"no_improvement", {1}, {}}));
  CHECK_THROWS(std::invalid_argument, "the index of a question",
               make_stop_condition({"stop_when", {0}, {}}));
  CHECK_THROWS(std::invalid_argument, "adam takes 4 numbers", Optimizer({"adam", {1}, {}}));
}

TEST(network_tells_the_plan_of_any_batch) {
  const Network<float> network({input(3), dense(2, "tanh")}, "mse", 0);
  const auto most = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t batch : {std::int64_t{1}, std::int64_t{1000}, most - 1, most}) {
    for (const Direction direction : {Direction::kForward, Direction::kForwardAndBackward}) {
      CHECK(network.report(batch, direction).threads >= 1);
    }
  }
}

TEST(network_copies_given_parameters) {
  Poll poll;
  const std::vector<Spec> specs = {input(3), dense(40, "tanh"), dense(2, "tanh")};
  const Network<double> drawn(specs, "mse", 7);
  const ArrayView parameters = array_view(drawn.parameters(), 1, drawn.n_parameters());
  const Network<double> copy(specs, "mse", 8, parameters, poll);
  CHECK(std::equal(copy.parameters(), copy.parameters() + copy.n_parameters(), drawn.parameters()));
  const Network<float> narrowed(specs, "mse", 8, parameters, poll);
  CHECK_EQUAL(narrowed.parameters()[5], static_cast<float>(drawn.parameters()[5]));
  CHECK_THROWS(ShapeError, "the parameters has shape (1, 3)",
               Network<float>(specs, "mse", 8, array_view(drawn.parameters(), 1, 3), poll));
}

TEST(network_is_not_made_where_the_poll_ends_it) {
  const std::vector<Spec> specs = {input(3000), dense(3000, "tanh")};
  struct Enough {};
  const Poll poll([] { throw Enough(); });
  bool ended = false;
  try {
    Network<float>(specs, "mse", 7, poll);
  } catch (const Enough&) {
    ended = true;
  }
  CHECK(
      ended);  // nine million draws take longer than the 20 ms after which a poll lets its caller in
}

TEST(network_refuses_what_is_no_network) {
  const auto refuses = [](const std::vector<Spec>& specs, const char* loss, const char* message) {
    CHECK_THROWS(std::invalid_argument, message, Network<float>(specs, loss, 0));
  };
  refuses({}, "mse", "a network needs Input and at least one Dense layer");
  refuses({input(2)}, "mse", "a network needs Input and at least one Dense layer");
  refuses({dense(2, "relu")}, "mse", "the first layer must be Input");
  refuses({input(2), input(2)}, "mse", "only the first layer can be Input");
  refuses({input(0), dense(1, "relu")}, "mse", "n must be a whole number >= 1, got 0");
  refuses({input(2), dense(-1, "relu")}, "mse", "n_out must be a whole number >= 1, got -1");
  refuses({input(2), dense(1, "rleu")}, "mse", "did you mean \"relu\"?");
  refuses({input(2), dense(1, "relu")}, "mes", "did you mean \"mse\"?");
  refuses({input(2), dense(1, "relu", true, "glorot")}, "mse", "unknown initializer \"glorot\"");
  CHECK_THROWS(
      std::bad_array_new_length, "",
      Network<float>({input(1 << 30), {"dense", {0x1p40, 1}, {"relu", "zeros"}}}, "mse", 0));
  CHECK_THROWS(std::invalid_argument, "learning_rate must be a finite number >= 0, got -1",
               Optimizer(sgd(-1)));
}

TEST(network_in_use_refuses_to_be_changed) {
  // The cost is called in the middle of the work, and calls the network again.
  Problem<double> problem;
  Network<double> network(layers(), "", 1);
  Optimizer optimizer(adam(0.01)), another(adam(0.01));
  std::vector<double> s(200);
  Samples<double> samples = problem.samples, other;
  other.x = samples.x;
  other.custom_cost = [](const Rows&, MatrixView<const double>, MatrixView<double>) { return 0.0; };
  bool training = false;
  int calls = 0;
  samples.custom_cost = [&](const Rows&, MatrixView<const double>, MatrixView<double> dC_ds) {
    ++calls;
    Poll poll;
    const auto predict = [&] { network.predict(samples.x, {s.data(), 200, 1}, poll); };
    if (training) {
      CHECK_THROWS(ConcurrentUseError, "this network is being trained", predict());
      Network<double> second(layers(), "", 1);
      CHECK_THROWS(ConcurrentUseError, "this optimizer is being trained",
                   second.train_step(other, optimizer, poll));
    } else {
      predict();
      CHECK_THROWS(ConcurrentUseError, "this network is in use",
                   network.train_step(other, another, poll));
    }
    std::fill_n(dC_ds.data, dC_ds.rows, 0.0);
    return 0.0;
  };
  network.cost(samples, problem.poll);
  training = true;
  network.train_step(samples, optimizer, problem.poll);
  network.fit(samples, optimizer, problem.options, problem.poll);
  CHECK_EQUAL(calls, 2 + 80);
  network.predict(samples.x, {s.data(), 200, 1}, problem.poll);
}

TEST(network_uses_exclude_each_other) {
  Uses uses;
  {
    const Uses::Shared one(uses, "thing"), two(uses, "thing");
    CHECK_THROWS(ConcurrentUseError, "this thing is in use", Uses::Exclusive(uses, "thing"));
  }
  {
    const Uses::Exclusive alone(uses, "thing");
    CHECK_THROWS(ConcurrentUseError, "being trained", Uses::Exclusive(uses, "thing"));
    CHECK_THROWS(ConcurrentUseError, "being trained", Uses::Shared(uses, "thing"));
  }
  const Uses::Exclusive free_again(uses, "thing");
}

}  // namespace
}  // namespace chainrule
