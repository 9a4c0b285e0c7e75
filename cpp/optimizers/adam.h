// Adam: w := w - epsilon m^ / (sqrt(v^) + eps), m and v running means of dC/dw and its square, ^ without bias
// Kingma, Ba: "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; PyTorch's definition.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstdint>

#include "optimizers/numbers.h"

namespace chainrule {

struct Adam {
  static constexpr const char* kName = "adam";
  static constexpr int kMaxStates = 2;
  static constexpr const char* kNumbers[] = {"learning_rate", "beta1", "beta2", "eps"};

  static void check(const double* numbers) {
    require_learning_rate(numbers[0]);
    require_fraction("betas[0]", numbers[1]);
    require_fraction("betas[1]", numbers[2]);
    require(numbers[3] >= 0 && std::isfinite(numbers[3]), "eps", "a finite number >= 0",
            numbers[3]);
  }

  // Arrays of state beside the weights: m and v.
  static int n_states(const double* /*numbers*/) { return 2; }

  template <class T>
  class Step {
   public:
    // `step` counts from 1.
    Step(const double* numbers, std::int64_t step)
        : beta1_(static_cast<T>(numbers[1])),
          beta2_(static_cast<T>(numbers[2])),
          rest1_(static_cast<T>(1 - numbers[1])),
          rest2_(static_cast<T>(1 - numbers[2])),
          eps_(static_cast<T>(numbers[3])),
          step_size_(static_cast<T>(numbers[0] / (1 - whole_power(numbers[1], step)))),
          root_of_correction2_(static_cast<T>(std::sqrt(1 - whole_power(numbers[2], step)))) {}

    // The new value of a weight; its state is changed in place.
    T operator()(T w, T g, T* states) const {
      T& m = states[0];
      T& v = states[1];
      m = beta1_ * m + rest1_ * g;
      v = beta2_ * v + rest2_ * g * g;
      return w - step_size_ * m / (std::sqrt(v) / root_of_correction2_ + eps_);
    }

   private:
    T beta1_, beta2_, rest1_, rest2_, eps_, step_size_, root_of_correction2_;
  };
};

}  // namespace chainrule
