// What the tests of networks share: layers in short, and a small problem to learn.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/network/network.h"
#include "chainrule/random/stream.h"

namespace chainrule {

inline Spec sgd(double learning_rate, double momentum = 0, bool nesterov = false) {
  return {"sgd",
          {{"learning_rate", learning_rate},
           {"momentum", momentum},
           {"nesterov", nesterov ? 1.0 : 0.0}}};
}
inline Spec adam(double learning_rate) { return {"adam", {{"learning_rate", learning_rate}}}; }

template <class T>
std::vector<T> parameters_of(const Network<T>& network) {
  return {network.parameters(), network.parameters() + network.n_parameters()};
}

// y = sin(3 x_1) x_2 on 200 points, in three batches of 64 and one of 8.
template <class T>
struct Problem {
  std::vector<T> x, y;
  Samples<T> samples;
  FitOptions<T> options;
  Poll poll;

  Problem() {
    RandomStream stream(9, Purpose::kShuffle, 0);
    for (int i = 0; i < 200; ++i) {
      const double x1 = 2 * stream.next_uniform() - 1, x2 = 2 * stream.next_uniform() - 1;
      x.insert(x.end(), {static_cast<T>(x1), static_cast<T>(x2)});
      y.push_back(static_cast<T>(std::sin(3 * x1) * x2));
    }
    samples.x = array_view(x.data(), 200, 2);
    samples.y = array_view(y.data(), 200, 1);
    options.epochs = 20;
    options.batch_size = 64;
  }
  Problem(const Problem&) = delete;
  Problem& operator=(const Problem&) = delete;
};

inline std::vector<Spec> layers() {
  return {input(2), dense(16, "tanh"), dense(8, "relu"), dense(1, "identity")};
}

}  // namespace chainrule
