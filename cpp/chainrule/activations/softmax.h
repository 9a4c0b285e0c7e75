// a_j = e^z_j / sum_i e^z_i over a row: the one activation whose neurons depend on each other.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/output_range.h"
#include "chainrule/activations/slope_reads.h"

namespace chainrule {

struct Softmax {
  static constexpr const char* kName = "softmax";
  static constexpr bool kElementwise = false;
  static constexpr SlopeReads kSlopeReads = SlopeReads::kA;
  static constexpr OutputRange kOutputs{0, 1, false};

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    // z (n,), a (n,). The largest z is taken off first: no exponential overflows, and a does not change.
    template <class Row, class T>
    void forward(Row row, const T* z, T* a) const {
      const auto largest = row.all(row.max([&](auto at) { return at(z); }));
      row.for_each([&](auto at) { at.put(a, exp(at(z) - largest)); });
      const auto sum = row.all(row.sum([&](auto at) { return at(a); }));
      row.for_each([&](auto at) { at.put(a, at(a) / sum); });
    }

    // delta_j = sum_i dC/da_i da_i/dz_j = a_j (dC/da_j - sum_i dC/da_i a_i); delta may be dC/da itself.
    template <class Row, class T>
    void backward(Row row, const T* a, const T* dC_da, T* delta) const {
      const auto sum = row.all(row.sum([&](auto at) { return at(dC_da) * at(a); }));
      row.for_each([&](auto at) { at.put(delta, at(a) * (at(dC_da) - sum)); });
    }
  };
};

}  // namespace chainrule
