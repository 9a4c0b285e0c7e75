// Cross-entropy of a distribution y over classes and the predicted one s: C_i = -sum_j y_j ln s_j; with class weights,
// y_j comes times that of its class, and their mean is weighted by that of the label, if there is one.
// Bishop: Pattern Recognition and Machine Learning (2006), section 4.3.4; PyTorch's CrossEntropyLoss.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/softmax.h"
#include "chainrule/losses/options.h"
#include "chainrule/losses/targets.h"

namespace chainrule {

struct CrossEntropy {
  static constexpr const char* kName = "cross_entropy";
  static constexpr const char* kElsewhere[] = {"categorical_crossentropy",
                                               "sparse_categorical_crossentropy",
                                               "categorical_cross_entropy",
                                               "nll",
                                               "negative_log_likelihood",
                                               "ce",
                                               "xent",
                                               "log_loss",
                                               "softmax_cross_entropy"};
  static constexpr Parameter kParameters[] = {kLabelSmoothing, kLogits};
  static constexpr Parameter kLists[] = {kClassWeight};
  static constexpr TargetKind kTargets = TargetKind::kDistribution;
  using PairedActivation = Softmax;
  static constexpr bool kElementwise = false;

  template <class V>
  struct Formula {
    explicit Formula(const double* /*numbers*/) {}

    // dC_i/ds_j = -y_j / s_j, times the share of the sample in the batch
    template <class Row, class T>
    void gradient(Row row, const T* s, const T* y, typename Row::Scalar share, T* dC_ds) const {
      const V factor = row.all(-share);
      row.for_each([&](auto at) { at.put(dC_ds, factor * at(y) * slope_of_log(at(s))); });
    }

    // From z: C_i = sum_j y_j (ln sum_k e^z_k - z_j), exact however large or small C_i is: the
    // largest exponential is 1 after the shift and goes into log1p, so a sum near 1 keeps its digits.
    template <class Row, class T>
    typename Row::Scalar paired_cost(Row row, const T* z, const T* y) const {
      return sum_of_terms(row, z, y, [](V of_y, V less_log_s) { return of_y * less_log_s; });
    }

    // sum_j term(y_j, -ln s_j) over all y_j but 0
    template <class Row, class T, class Term>
    typename Row::Scalar sum_of_terms(Row row, const T* z, const T* y, Term&& term) const {
      const V largest = row.all(row.max([&](auto at) { return at(z); }));
      const auto others = row.sum(
          [&](auto at) { return select(at(z) == largest, V::zero(), exp(at(z) - largest)); });
      const auto ties =
          row.sum([&](auto at) { return select(at(z) == largest, V::set(1), V::zero()); });
      const V log_sum = log1p(row.all((ties - row.number(1)) + others));
      return row.sum([&](auto at) {
        return select(at(y) == V::zero(), V::zero(), term(at(y), log_sum - (at(z) - largest)));
      });
    }

    // delta_j = s_j sum_k y_k - y_j, times the share of the sample; the sum is 1 but for rounding
    template <class Row, class T>
    void paired_delta(Row row, const T* s, const T* y, typename Row::Scalar share, T* delta) const {
      const auto total = row.all(row.sum([&](auto at) { return at(y); }));
      const auto factor = row.all(share);
      row.for_each([&](auto at) { at.put(delta, factor * (at(s) * total - at(y))); });
    }
  };
};

}  // namespace chainrule
