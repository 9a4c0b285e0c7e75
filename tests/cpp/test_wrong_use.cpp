// What a C++ program is told about networks, samples and specs that are wrong, and about uses at the same time.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/losses/list.h"
#include "chainrule/network/network.h"
#include "chainrule/network/observers/make.h"
#include "check.h"
#include "outputs_of.h"
#include "problem.h"

namespace chainrule {
namespace {

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
      std::string list = taken.front();
      for (std::size_t i = 1; i < taken.size(); ++i) {
        list += (i + 1 == taken.size() ? " or " : ", ") + taken[i];
      }
      const std::string message = "takes the outputs of " + list + ", but layer 2, Dense(2, \"" +
                                  output + "\"), has " + output;
      CHECK_THROWS(std::invalid_argument, message.c_str(),
                   Network<float>({input(3), dense(2, output)}, loss, 0));
    }
  }
  CHECK_THROWS(std::invalid_argument, "binary_cross_entropy",
               Network<float>({input(3), dense(1, "softmax")}, "cross_entropy", 0));
  CHECK_THROWS(std::invalid_argument, "is the constant 1",
               Network<float>({input(3), dense(1, "softmax")}, "mse", 0));
}

TEST(members_refuse_specs_with_entries_that_miss_or_that_they_do_not_know) {
  const auto refuses = [](const Spec& spec, const char* message) {
    CHECK_THROWS(std::invalid_argument, message, Network<float>({input(3), spec}, "mse", 0));
  };
  refuses({"dense"}, "dense needs the number \"n_out\"");
  refuses({"dense", {{"n_out", 2}, {"width", 3}}}, "no number \"width\"; known: n_out, bias");
  refuses({"dense", {{"n_out", 2}, {"n_out", 3}}}, "dense got the number \"n_out\" twice");
  refuses({"dense", {{"n_out", 2}}, {{"activation", "tanh"}}},
          "dense has no word \"activation\"; known: init");
  refuses({"dense", {{"n_out", 2}}, {}, {{"f", {"tanh"}}}}, "no part \"f\"; known: activation");
  refuses({"dense", {{"n_out", 2}, {"bias", 0.5}}}, "bias must be 0 or 1, got 0.5");
  refuses(dense(2, Spec{"tanh", {{"slope", 1}}}), "tanh has no number \"slope\"; known: none");
  refuses(dense(2, Spec{"leaky_relu", {{"slope", -1}}}),
          "slope must be a finite number >= 0, got -1");
  CHECK_THROWS(std::invalid_argument, "input needs the number \"n\"",
               Network<float>({{"input"}, dense(2, "tanh")}, "mse", 0));
  CHECK_THROWS(std::invalid_argument, "network has no part \"hidden\"",
               Network<float>(Spec{"network", {}, {}, {{"hidden", dense(2, "tanh")}}}, 0));
  CHECK_THROWS(std::invalid_argument, "cost_below needs the number \"value\"",
               make_observer({"cost_below"}));
  CHECK_THROWS(std::invalid_argument, "no_improvement has no number \"min\"",
               make_observer({"no_improvement", {{"min", 1}}}));
  CHECK_THROWS(std::invalid_argument, "the index of a question",
               make_observer({"stop_when", {{"question", 0}}}));
  CHECK_THROWS(std::invalid_argument, "adam has no number \"beta\"",
               Optimizer({"adam", {{"beta", 1}}}));
  CHECK_THROWS(std::invalid_argument,
               "unknown gradient transform \"clipnorm\", did you mean \"clip_norm\"",
               Optimizer({"adam", {}, {}, {{"gradient", {"clipnorm"}}}}));
}

TEST(network_tells_the_plan_of_any_batch) {
  const Network<float> network({input(3), dense(2, "tanh")}, "mse", 0);
  const auto most = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t batch : {std::int64_t{1}, std::int64_t{1000}, most - 1, most}) {
    for (const bool trains : {false, true}) CHECK(network.report(batch, trains).threads >= 1);
  }
}

TEST(network_copies_given_parameters) {
  Poll poll;
  const std::vector<Spec> specs = {input(3), dense(40, "tanh"), dense(2, "tanh")};
  const Network<double> drawn(specs, "mse", 7);
  const ArrayView parameters = array_view(drawn.parameters(), 1, drawn.n_parameters());
  const Spec spec = network(specs, "mse");
  const Network<double> copy(spec, 8, parameters, poll);
  CHECK(std::equal(copy.parameters(), copy.parameters() + copy.n_parameters(), drawn.parameters()));
  const Network<float> narrowed(spec, 8, parameters, poll);
  CHECK_EQUAL(narrowed.parameters()[5], static_cast<float>(drawn.parameters()[5]));
  CHECK_THROWS(ShapeError, "the parameters has shape (1, 3)",
               Network<float>(spec, 8, array_view(drawn.parameters(), 1, 3), poll));
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
  CHECK_THROWS(std::bad_array_new_length, "",
               Network<float>({input(1 << 30), dense(std::int64_t{1} << 40, "relu", true, "zeros")},
                              "mse", 0));
  CHECK_THROWS(std::invalid_argument, "learning_rate must be a finite number >= 0, got -1",
               Optimizer(sgd(-1)));
}

TEST(training_refuses_to_go_back_without_a_learning_rate_to_halve) {
  Problem<float> problem;
  problem.options.on_divergence = OnDivergence::kRestore;
  Network<float> network(layers(), "mse", 1);
  const std::vector<float> before = parameters_of(network);
  Optimizer rprop({"rprop"}), plain(sgd(0.1));
  CHECK_THROWS(std::invalid_argument, "which rprop reads in its first step only",
               network.fit(problem.samples, rprop, problem.options, problem.poll));
  problem.options.batch_size = 200;
  problem.options.minimizer = [](Objective&) {};
  CHECK_THROWS(std::invalid_argument, "which a minimizer such as LBFGS does not have",
               network.fit(problem.samples, plain, problem.options, problem.poll));
  CHECK(parameters_of(network) == before);
  problem.options.minimizer = nullptr;
  network.fit(problem.samples, plain, problem.options, problem.poll);
  problem.options.on_divergence = OnDivergence::kRaise;
  Network<float> another(layers(), "mse", 1);
  another.fit(problem.samples, rprop, problem.options, problem.poll);
}

TEST(training_refuses_a_minimizer_for_what_is_no_function_without_limits) {
  Problem<double> problem;
  problem.options.batch_size = 200;
  int calls = 0;
  problem.options.minimizer = [&](Objective& objective) {
    std::vector<double> point(static_cast<std::size_t>(objective.size())), gradient(point.size());
    objective.copy_parameters(point.data());
    objective.value_and_gradient(point.data(), gradient.data());
    ++calls;
  };
  Optimizer optimizer(sgd(0));
  const auto fit = [&](const Spec& hidden) {
    Network<double> network({input(2), dense(4, "tanh"), hidden, dense(1, "identity")}, "mse", 1);
    network.fit(problem.samples, optimizer, problem.options, problem.poll);
  };
  const auto with = [](const std::vector<std::pair<std::string, double>>& options) {
    Spec spec = dense(4, "tanh");
    spec.numbers.insert(spec.numbers.end(), options.begin(), options.end());
    return spec;
  };
  CHECK_THROWS(std::invalid_argument, "but layer 3, dropout, is random",
               fit({"dropout", {{"rate", 0.5}}}));
  CHECK_THROWS(std::invalid_argument, "but layer 3 has a max_norm", fit(with({{"max_norm", 1}})));
  CHECK_THROWS(std::invalid_argument, "the learning_rate_factor of layer 3 could change",
               fit(with({{"learning_rate_factor", 0.5}})));
  CHECK_THROWS(std::invalid_argument, "the learning_rate_factor of layer 3 could change",
               fit({"layer_norm", {{"learning_rate_factor", 2}}}));
  CHECK_EQUAL(calls, 0);
  fit({"dropout", {{"rate", 0}}});
  fit({"layer_norm"});
  fit(with({{"trainable", 0}, {"max_norm", 1}, {"learning_rate_factor", 0.5}}));
  CHECK_EQUAL(calls, 3);
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
  UseGuard uses;
  {
    const UseGuard::Shared one(uses, "thing"), two(uses, "thing");
    CHECK_THROWS(ConcurrentUseError, "this thing is in use", UseGuard::Exclusive(uses, "thing"));
  }
  {
    const UseGuard::Exclusive alone(uses, "thing");
    CHECK_THROWS(ConcurrentUseError, "being trained", UseGuard::Exclusive(uses, "thing"));
    CHECK_THROWS(ConcurrentUseError, "being trained", UseGuard::Shared(uses, "thing"));
    UseGuard another;
    {
      const UseGuard::OpenToThisThread open(uses), open_too(another);
      const UseGuard::Shared one(uses, "thing"), two(uses, "thing");
      CHECK_THROWS(ConcurrentUseError, "being trained", UseGuard::Exclusive(uses, "thing"));
    }
    const UseGuard::OpenToThisThread open(another);
    CHECK_THROWS(ConcurrentUseError, "being trained", UseGuard::Shared(uses, "thing"));
  }
  const UseGuard::Exclusive free_again(uses, "thing");
}

}  // namespace
}  // namespace chainrule
