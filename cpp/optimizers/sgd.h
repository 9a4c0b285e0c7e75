// Gradient descent: w := w - epsilon dC/dw, with momentum: m := mu m + dC/dw, w := w - epsilon m
// PyTorch's definition (torch.optim.SGD, dampening 0); Nesterov's form after Sutskever et al., ICML 2013.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "optimizers/numbers.h"

namespace chainrule {

struct Sgd {
  static constexpr const char* kName = "sgd";
  static constexpr int kMaxStates = 1;
  static constexpr const char* kNumbers[] = {"learning_rate", "momentum", "nesterov"};

  static void check(const double* numbers) {
    require_learning_rate(numbers[0]);
    require_fraction("momentum", numbers[1]);
    require(numbers[2] == 0 || (numbers[2] == 1 && numbers[1] > 0), "nesterov",
            "False, or True together with momentum > 0", numbers[2]);
  }

  // Arrays of state beside the weights: m, if there is momentum.
  static int n_states(const double* numbers) { return numbers[1] > 0 ? 1 : 0; }

  template <class T>
  class Step {
   public:
    Step(const double* numbers, std::int64_t /*step*/)
        : learning_rate_(static_cast<T>(numbers[0])),
          momentum_(static_cast<T>(numbers[1])),
          nesterov_(numbers[2] != 0) {}

    // The new value of a weight; its state is changed in place.
    T operator()(T w, T g, T* states) const {
      if (momentum_ == T(0)) return w - learning_rate_ * g;
      T& m = states[0];
      m = momentum_ * m + g;
      return w - learning_rate_ * (nesterov_ ? g + momentum_ * m : m);
    }

   private:
    T learning_rate_, momentum_;
    bool nesterov_;
  };
};

}  // namespace chainrule
