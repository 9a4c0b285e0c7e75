// The core in a C++ program of its own: trains a network to tell whether two bits differ, and predicts.
// Build it where it stands, `cmake -S examples/embed_cpp -B build/embed && cmake --build build/embed`, or copy
// CMakeLists.txt, which is all that a project of yours needs.
// SPDX-License-Identifier: BSD-3-Clause
#include <cstddef>
#include <cstdio>

#include "chainrule/network/network.h"

namespace cr = chainrule;

int main() {
  const float x[] = {0, 0, 0, 1, 1, 0, 1, 1};  // (4, 2), row-major
  const float y[] = {0, 1, 1, 0};              // (4, 1)

  cr::Network<float> network({cr::input(2), cr::dense(8, "tanh"), cr::dense(1, "sigmoid")},
                             "binary_cross_entropy", /*seed=*/0);
  cr::Optimizer optimizer({"adam", {{"learning_rate", 0.05}}});

  cr::Samples<float> samples;  // views: x and y must outlive the calls
  samples.x = cr::array_view(x, 4, 2);
  samples.y = cr::array_view(y, 4, 1);
  cr::FitOptions<float> options;
  options.epochs = 1000;
  options.batch_size = 4;
  options.stop = {{"cost_below", {{"value", 0.01}}}};

  cr::Poll poll;  // may be given a hook that long work calls now and then, and that may throw
  std::printf("cost before training: %.4f\n", network.cost(samples, poll));
  const cr::History history = network.fit(samples, optimizer, options, poll);
  std::printf("cost after %zu epochs: %.4f\n", history.cost().size(), network.cost(samples, poll));

  float s[4];
  network.predict(samples.x, {s, 4, 1}, poll);
  for (std::size_t i = 0; i < 4; ++i) {
    std::printf("%g xor %g: %.3f\n", x[2 * i], x[2 * i + 1], s[i]);
  }
}
