// Golden trainings: the bits that tests/trainings.py gives on other processors, from the same samples.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/gemm/product_choice.h"
#include "chainrule/simd/dispatch.h"
#include "chainrule/threads/limit.h"
#include "check.h"
#include "golden_hashes.h"
#include "problem.h"

namespace chainrule {
namespace {

// The checksum of zlib, PNG and Python's zlib.crc32.
template <class T>
std::uint32_t crc32(const std::vector<T>& values) {
  std::uint32_t crc = ~0U;
  const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
  for (std::size_t i = 0; i < values.size() * sizeof(T); ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
  }
  return ~crc;
}

struct Training {
  std::string name;
  std::vector<Spec> layers;
  std::string loss;
  Spec optimizer;
  std::int64_t n, batch, epochs;
  bool weighted = true;
};

const Training kTrainings[] = {
    {"golden_one_sample",
     {input(4), dense(2, "sigmoid"), dense(2, "sigmoid"), dense(1, "identity")},
     "mse",
     sgd(0.02, 0.75),
     50,
     1,
     4,
     false},
    {"golden_narrow",
     {input(20), dense(70, "relu", true, "he_normal"), dense(50, "tanh", true, "he_normal"),
      dense(10, "softmax", true, "he_normal")},
     "cross_entropy",
     adam(0.01),
     610,
     250,
     3},
    {"golden_rows",
     {input(20), dense(90, "relu", true, "he_normal"), dense(70, "tanh", true, "he_normal"),
      dense(10, "softmax", true, "he_normal")},
     "cross_entropy",
     adam(0.01),
     610,
     250,
     3},
    {"golden_columns",
     {input(600), dense(800, "sigmoid"), dense(60, "tanh"), dense(3, "identity")},
     "mse",
     sgd(0.02, 0.75, true),
     30,
     20,
     2},
    {"golden_layerwise",
     {input(12), dense(40, "tanh", true, "uniform"), dense(30, "softmax", true, "uniform"),
      dense(4, "sigmoid", true, "uniform")},
     "binary_cross_entropy",
     sgd(0.02, 0.75),
     70,
     32,
     5},
};

// From -1 to 1, exact in float, without a function whose bits depend on the machine.
std::vector<double> numbers(std::int64_t rows, std::int64_t cols, std::int64_t salt) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) {
      values.push_back(static_cast<double>((i + 3) * (j + 7) * (i + 5 * j + salt) % 127 - 63) / 64);
    }
  }
  return values;
}

template <class T>
GoldenHashes run(const Training& training) {
  Network<T> network(training.layers, training.loss, 1);
  Optimizer optimizer(training.optimizer);
  const std::int64_t n = training.n, n_in = network.architecture().n_in,
                     n_out = network.architecture().n_out();
  const std::vector<double> x = numbers(n, n_in, 1);
  std::vector<double> y = numbers(n, n_out, 2), weight;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < n; ++i) {
    labels.push_back((i * i + 3 * i) % n_out);
    weight.push_back(static_cast<double>(i * 5 % 7) / 4);
  }
  if (training.loss == "binary_cross_entropy") {
    for (double& each : y) each = (each + 1) / 2;
  }
  const auto first = [&](std::int64_t count) {
    Samples<T> samples;
    samples.x = array_view(x.data(), count, n_in);
    samples.y_is_labels = training.loss == "cross_entropy";
    samples.y = samples.y_is_labels ? array_view(labels.data(), count, 1)
                                    : array_view(y.data(), count, n_out);
    return samples;
  };
  const Samples<T> all = first(n), batch = first(training.batch);
  Samples<T> weighted = all;
  if (training.weighted) weighted.weight = array_view(weight.data(), n, 1);
  FitOptions<T> options;
  options.epochs = training.epochs;
  options.batch_size = training.batch;
  options.validation = &all;
  Poll poll;
  const History history = network.fit(weighted, optimizer, options, poll);
  std::vector<double> costs = history.cost();
  costs.insert(costs.end(), history.validation_cost().begin(), history.validation_cost().end());
  costs.push_back(network.train_step(batch, optimizer, poll));
  std::vector<T> gradient(static_cast<std::size_t>(network.n_parameters()));
  costs.push_back(network.value_and_gradient(batch, gradient.data(), poll));
  costs.push_back(network.cost(all, poll));
  std::vector<T> s(static_cast<std::size_t>(n * n_out));
  network.predict(all.x, MatrixView<T>(s.data(), n, n_out), poll);
  return {"", crc32(parameters_of(network)), crc32(gradient), crc32(costs), crc32(s)};
}

TEST(golden_trainings_give_the_bits_of_other_machines) {
  CHECK_EQUAL(crc32(std::vector<char>{'1', '2', '3', '4', '5', '6', '7', '8', '9'}), 0xcbf43926U);
  if (current_target() == Target::v2) return;  // no fused multiply-add: other bits
  const std::string choice = product_choice();
  set_product("own");
  for (const Training& training : kTrainings) {
    const auto* expected =
        std::find_if(std::begin(kGoldenHashes), std::end(kGoldenHashes),
                     [&](const auto& each) { return each.name == training.name; });
    CHECK(expected != std::end(kGoldenHashes));
    for (const int threads : {1, 3, 8}) {
      const ThreadsScope scope(threads);
      check::at() = training.name + " on " + std::to_string(threads) + " threads of " +
                    target_name(current_target());
      const GoldenHashes found =
          training.name == "golden_columns" ? run<double>(training) : run<float>(training);
      CHECK_EQUAL(found.costs, expected->costs);
      CHECK_EQUAL(found.gradient, expected->gradient);
      CHECK_EQUAL(found.parameters, expected->parameters);
      CHECK_EQUAL(found.predictions, expected->predictions);
    }
  }
  set_product(choice);
}

}  // namespace
}  // namespace chainrule
