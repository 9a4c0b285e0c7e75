// What a network learns from: samples in the user's memory, one mini-batch of them, and its cost.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "chainrule/data/row_source.h"
#include "chainrule/random/noise.h"

namespace chainrule {

// A cost of the user's own: the mean cost of the rows from their outputs s (batch, n_out), and dC/ds.
template <class T>
using CustomCost =
    std::function<double(const Rows& rows, MatrixView<const T> s, MatrixView<T> dC_ds)>;

template <class T>
struct Samples {
  RowSource x;  // (n, n_in)
  ArrayView y;  // (n, targets of a sample), or labels (n, 1)
  bool y_is_labels = false;
  ArrayView weight;  // (n, 1), or no data: every sample counts as much
  // By class: a sample's weight comes times that of its class, or of those that y says it may be of; or none.
  std::vector<double> class_weight;
  CustomCost<T> custom_cost;  // instead of y

  std::int64_t size() const { return x.rows(); }
  Rows all() const { return {nullptr, {0, size()}}; }
};

// The samples of one step.
template <class T>
struct Batch {
  const Samples<T>& samples;
  Rows rows;
  Rows next{};    // those of the step after it, whose x may be fetched from memory meanwhile
  Noise noise{};  // of the step
  bool ends_epoch = false;
};

// The cost of some samples as its two sums, so that batches add up: C = sum w_i C_i / sum w_i.
struct CostSums {
  double weighted_cost = 0;
  double weight = 0;

  double mean() const { return weight > 0 ? weighted_cost / weight : 0; }
  CostSums& operator+=(const CostSums& other) {
    weighted_cost += other.weighted_cost;
    weight += other.weight;
    return *this;
  }
};

// The user's array was checked, and no longer holds what it did.
[[noreturn]] inline void throw_changed(const char* name) {
  throw std::invalid_argument(std::string(name) + " was changed while it was in use");
}

}  // namespace chainrule
