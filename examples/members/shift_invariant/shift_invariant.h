// Squared error, of which a shift of the whole row counts less: with e = s - y,
// C_i = mean_j e_j^2 - invariance (mean_j e_j)^2
// Eigen, Puhrsch, Fergus: "Depth map prediction from a single image using a multi-scale deep network", NIPS 2014, 3.2
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/losses/targets.h"
#include "chainrule/parameter.h"

namespace chainrule {

struct ShiftInvariant {
  static constexpr const char* kName = "shift_invariant";
  static constexpr Parameter kParameters[] = {
      {"invariance", 0.5, Allowed::kFraction, "the part of a common shift that does not count"}};
  static constexpr TargetKind kTargets = TargetKind::kReal;
  using PairedActivation = void;
  static constexpr bool kElementwise = false;

  template <class V>
  class Formula {
   public:
    explicit Formula(const double* numbers)
        : invariance_(static_cast<typename V::Number>(numbers[0])) {}

    template <class Row, class T>
    typename Row::Scalar cost(Row row, const T* s, const T* y) const {
      const auto squares = row.sum([&](auto at) { return (at(s) - at(y)) * (at(s) - at(y)); });
      const auto mean = mean_error(row, s, y);
      return squares / row.count() - row.number(invariance_) * mean * mean;
    }

    // dC_i/ds_j = 2/n (e_j - invariance mean_k e_k), times the share of the sample in the batch
    template <class Row, class T>
    void gradient(Row row, const T* s, const T* y, typename Row::Scalar share, T* dC_ds) const {
      const V shift = row.all(row.number(invariance_) * mean_error(row, s, y));
      const V factor = row.all(row.number(2) * share / row.count());
      row.for_each([&](auto at) { at.put(dC_ds, factor * (at(s) - at(y) - shift)); });
    }

   private:
    template <class Row, class T>
    static typename Row::Scalar mean_error(Row row, const T* s, const T* y) {
      return row.sum([&](auto at) { return at(s) - at(y); }) / row.count();
    }

    typename V::Number invariance_;
  };
};

}  // namespace chainrule
