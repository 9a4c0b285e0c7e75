// out_j = factors_j in_j, with a trained factor for each neuron
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/stages/trained_vector.h"

namespace chainrule {

struct Diagonal {
  static constexpr const char* kName = "diagonal";
  static constexpr TrainedVector kTrained[] = {{"factors", 1.0}};
  static constexpr int kKept = 0;
  static bool is_random(const double* /*numbers*/) { return false; }

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* /*numbers*/) {}

    template <class Row, class Values, class Noise>
    void forward(Row row, const Values& values, const Noise& /*noise*/) const {
      multiply(row, values, values.in, values.out);
    }

    // dC/d(in_j) = dC/d(out_j) factors_j
    template <class Row, class Values, class Noise>
    void backward(Row row, const Values& values, const Noise& /*noise*/) const {
      multiply(row, values, values.dC_dout, values.dC_din);
    }

    // sum + dC/dfactors_j = dC/d(out_j) in_j, of one sample
    static V add_gradient(int /*of*/, V sum, V in, V dC_dout, const typename V::Number* /*kept*/) {
      return fma(dC_dout, in, sum);
    }

   private:
    using T = typename V::Number;

    template <class Row, class Values>
    void multiply(Row row, const Values& values, const T* from, T* to) const {
      const T* factors = values.trained(0);
      row.for_each([&](auto at) { at.put(to, at(from) * at.of_vector(factors)); });
    }
  };
};

}  // namespace chainrule
