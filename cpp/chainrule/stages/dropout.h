// out_j = in_j / (1 - rate) with probability 1 - rate, else 0: in steps of a training; out = in elsewhere
// Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: "Dropout: a simple way to prevent neural networks from
// overfitting", JMLR 15 (2014), section 4; scaled while training, as in PyTorch.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdint.h>

#include "chainrule/parameter.h"

namespace chainrule {

struct Dropout {
  static constexpr const char* kName = "dropout";
  static constexpr Parameter kParameters[] = {
      {"rate", kRequired, Allowed::kFraction, "the probability that a neuron is dropped"}};
  static constexpr int kKept = 0;
  static bool is_random(const double* numbers) { return numbers[0] > 0; }

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* numbers)
        : dropped_below_(static_cast<uint32_t>(numbers[0] * 0x1p32)),
          scale_(static_cast<T>(1 / (1 - numbers[0]))) {}

    template <class Row, class Values, class Noise>
    void forward(Row row, const Values& values, const Noise& noise) const {
      multiply(row, values.in, values.out, noise);
    }

    // dC/d(in_j) = dC/d(out_j) times the same factor
    template <class Row, class Values, class Noise>
    void backward(Row row, const Values& values, const Noise& noise) const {
      multiply(row, values.dC_dout, values.dC_din, noise);
    }

   private:
    using T = typename V::Number;

    template <class Row, class Noise>
    void multiply(Row row, const T* from, T* to, const Noise& noise) const {
      if (!noise.on()) return row.for_each([&](auto at) { at.put(to, at(from)); });
      T factors[Noise::kAtOnce];
      row.for_each([&](auto at) {
        const int64_t place = at.j % Noise::kAtOnce;
        if (place == 0) draw(noise, at.j, factors);
        at.put(to, at(from) * V::load(factors + place));
      });
    }

    template <class Noise>
    void draw(const Noise& noise, int64_t first, T (&factors)[Noise::kAtOnce]) const {
      uint32_t numbers[Noise::kAtOnce];
      noise.make(first, numbers);
      for (int64_t k = 0; k < Noise::kAtOnce; ++k) {
        factors[k] = numbers[k] < dropped_below_ ? T(0) : scale_;
      }
    }

    uint32_t dropped_below_;
    T scale_;
  };
};

}  // namespace chainrule
