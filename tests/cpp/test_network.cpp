// Networks as a C++ program uses them: the article's, worked out in numbers; predictions, costs, wrong input, uses.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/activations/list.h"
#include "chainrule/error.h"
#include "chainrule/losses/list.h"
#include "chainrule/network/network.h"
#include "chainrule/network/rows_at_once.h"
#include "check.h"
#include "outputs_of.h"
#include "problem.h"

namespace chainrule {
namespace {

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

  std::vector<T> trace_gradient(18);
  const auto trace = network.trace(samples, trace_gradient.data(), poll);
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
  check_near(trace_gradient.data(), gradient, bound);
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
  double x[5 * 3], y[5 * 2], signs[5 * 2], weight[5];
  for (double& value : x) value = 2 * stream.next_uniform() - 1;
  for (double& value : weight) value = stream.next_uniform();
  for (std::size_t i = 0; i < 5; ++i) y[2 * i + 1] = 1 - (y[2 * i] = stream.next_uniform());
  Samples<double> samples;
  samples.x = array_view(x, 5, 3);
  for (std::size_t i = 0; i < 10; ++i) signs[i] = y[i] < 0.5 ? -1 : 1;
  samples.weight = array_view(weight, 5, 1);
  Poll poll;
  for (const std::string& hidden : Activations::names()) {
    for (const std::string& loss : Losses::names()) {
      samples.y = array_view(loss == "hinge" ? signs : y, 5, 2);
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
    for (std::int64_t i = 0; i < rows.size(); ++i) {
      const double error = s.row(i)[0] - problem.y[static_cast<std::size_t>(rows[i])];
      sum += error * error;
      dC_ds.row(i)[0] = 2 * error / static_cast<double>(rows.size());
    }
    return sum / static_cast<double>(rows.size());
  };
  std::vector<double> one(static_cast<std::size_t>(named.n_parameters())), other(one.size());
  CHECK_NEAR(custom.value_and_gradient(samples, one.data(), problem.poll),
             named.value_and_gradient(problem.samples, other.data(), problem.poll), 1e-15);
  check_near(one.data(), other, 1e-14);
}

// ---- Options of the training -----------------------------------------------------------------------------------

Spec with_option(Spec layer, const std::string& name, double value) {
  layer.numbers.emplace_back(name, value);
  return layer;
}

TEST(network_options_of_layers_change_what_a_training_does) {
  Problem<double> problem;
  Optimizer optimizer(sgd(0.1));
  std::vector<Spec> frozen = layers();
  for (std::size_t l = 1; l < frozen.size(); ++l) frozen[l].numbers.emplace_back("trainable", 0);
  Network<double> network(frozen, "mse", 1);
  const std::vector<double> before = parameters_of(network);
  CHECK_THROWS(std::invalid_argument, "all layers of this network are frozen",
               network.train_step(problem.samples, optimizer, problem.poll));

  // The last layer alone, with a penalty: W (8, 1) and b.
  network.set_options(2, with_option(layers()[3], "l2", 0.5));
  double sum = 0;
  for (std::size_t i = before.size() - 9; i < before.size() - 1; ++i) sum += before[i] * before[i];
  const Network<double> plain(layers(), "mse", 1);
  CHECK_NEAR(network.cost(problem.samples, problem.poll),
             plain.cost(problem.samples, problem.poll) + 0.5 * sum, 1e-15);
  network.train_step(problem.samples, optimizer, problem.poll);
  const std::vector<double> after = parameters_of(network);
  for (std::size_t i = 0; i < before.size(); ++i) {
    check::at() = check::text("element ", i);
    CHECK_EQUAL(after[i] == before[i], i < before.size() - 9);
  }
  check::at().clear();
}

TEST(network_options_out_of_range_are_refused) {
  for (const char* name : {"l1", "l2", "max_norm", "learning_rate_factor"}) {
    CHECK_THROWS(std::invalid_argument, std::string("Dense: ") + name + " must be a finite number",
                 check_layer(with_option(dense(2, "tanh"), name, -1)));
  }
  CHECK_THROWS(std::invalid_argument, "Dense: trainable must be 0 or 1, got 0.5",
               check_layer(with_option(dense(2, "tanh"), "trainable", 0.5)));
  CHECK_THROWS(std::invalid_argument, "has no number \"trainable\"",
               check_layer(with_option({"dropout", {{"rate", 0.5}}}, "trainable", 0)));
  CHECK_THROWS(std::invalid_argument, "has no number \"l2\"",
               check_layer(with_option({"layer_norm"}, "l2", 0.5)));
}

}  // namespace
}  // namespace chainrule
