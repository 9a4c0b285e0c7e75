// Loops over a row of numbers, as formulas use them: for each, sum, maximum. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <limits>

namespace chainrule::CHAINRULE_TARGET {
namespace {

// A place in a row: reads and writes the vector there.
template <class V>
struct At {
  std::int64_t j;
  V operator()(const typename V::Number* row) const { return V::load(row + j); }
  void put(typename V::Number* row, V values) const { values.store(row + j); }
  V or_else(V values, V /*other*/) const { return values; }
};

// The place where a row ends: only the first `count` numbers of the vector are there, the others read as 0.
template <class V>
struct AtEnd {
  std::int64_t j;
  int count;
  V operator()(const typename V::Number* row) const { return V::load_first(row + j, count); }
  void put(typename V::Number* row, V values) const { values.store_first(row + j, count); }
  V or_else(V values, V other) const {
    return select(V::lane_numbers() < V::set(static_cast<typename V::Number>(count)), values, other);
  }
};

template <class V>
class Row {
 public:
  using Vector = V;
  using T = typename V::Number;

  explicit Row(std::int64_t n) : n_(n) {}

  T count() const { return static_cast<T>(n_); }
  static V all(T value) { return V::set(value); }
  static V all(V value) { return value; }

  template <class Body>
  void for_each(Body&& body) const {
    std::int64_t j = 0;
    for (; j + V::kWidth <= n_; j += V::kWidth) body(At<V>{j});
    if (j < n_) body(AtEnd<V>{j, static_cast<int>(n_ - j)});
  }

  // The same sum on every target: 16 lanes, each in the order of the row, folded in halves.
  template <class Term>
  T sum(Term&& term) const {
    return fold(T(0), term, [](auto a, auto b) { return a + b; });
  }

  template <class Term>
  T max(Term&& term) const {
    return fold(-std::numeric_limits<T>::infinity(), term, [](auto a, auto b) { return max_of(a, b); });
  }

 private:
  static constexpr int kLanes = 16, kVectors = kLanes / V::kWidth;

  static V max_of(V a, V b) { return chainrule::CHAINRULE_TARGET::max(a, b); }
  static T max_of(T a, T b) { return a > b ? a : b; }

  template <class Term, class Operation>
  T fold(T start, Term&& term, Operation&& operation) const {
    V lanes[kVectors];
    for (V& each : lanes) each = V::set(start);
    std::int64_t j = 0;
    for (; j + kLanes <= n_; j += kLanes) {
      for (int v = 0; v < kVectors; ++v) {
        lanes[v] = operation(lanes[v], term(At<V>{j + v * V::kWidth}));
      }
    }
    for (int v = 0; j < n_; ++v, j += V::kWidth) {
      const AtEnd<V> at{j, static_cast<int>(n_ - j < V::kWidth ? n_ - j : V::kWidth)};
      lanes[v] = operation(lanes[v], at.or_else(term(at), V::set(start)));
    }
    T numbers[kLanes];
    for (int v = 0; v < kVectors; ++v) lanes[v].store(numbers + v * V::kWidth);
    for (int half = kLanes / 2; half > 0; half /= 2) {
      for (int lane = 0; lane < half; ++lane) {
        numbers[lane] = operation(numbers[lane], numbers[lane + half]);
      }
    }
    return numbers[0];
  }

  std::int64_t n_;
};

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
