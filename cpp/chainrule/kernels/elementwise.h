// Activations, costs and optimizers over rows and blocks: the formulas of the members, as loops. Compiled for every CPU
// target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/activations/list.h"
#include "chainrule/kernels/kernel_table.h"
#include "chainrule/kernels/rows.h"
#include "chainrule/losses/list.h"
#include "chainrule/optimizers/list.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// Calls visitor(TypeOf<Member>()) for the member with this number, in this translation unit's own code.
template <class Visitor>
void visit(int, TypeList<>, Visitor&&) {}
template <class Member, class... Members, class Visitor>
void visit(int index, TypeList<Member, Members...>, Visitor&& visitor) {
  if (index == 0) return visitor(TypeOf<Member>());
  visit(index - 1, TypeList<Members...>(), visitor);
}

template <class V>
void activate(int activation, const typename V::Number* bias, typename V::Number* z,
              typename V::Number* a, int64_t rows, int64_t cols, int64_t stride) {
  const Row<V> row(cols);
  visit(activation, Activations(), [&](auto member) {
    using Activation = typename decltype(member)::type;
    for (int64_t i = 0; i < rows; ++i, z += stride, a += stride) {
      if constexpr (Activation::kElementwise) {
        row.for_each([&](auto at) {
          const V sum = bias ? at(z) + at(bias) : at(z);
          if (z != a) at.put(z, sum);
          at.put(a, Activation::forward(sum));
        });
      } else {
        if (bias) row.for_each([&](auto at) { at.put(z, at(z) + at(bias)); });
        Activation::forward(row, z, a);
      }
    }
  });
}

// The cost of a row, or of rows side by side.
template <class AnyRow, class T>
CHAINRULE_INLINE typename AnyRow::Scalar cost_of(const Loss& loss, AnyRow row, const T* z,
                                                 const T* s, const T* y) {
  typename AnyRow::Scalar cost = row.number(0);
  visit(loss.index, Losses(), [&](auto member) {
    using Member = typename decltype(member)::type;
    if constexpr (Member::kHasPair) {
      cost = Member::paired_cost(row, z, y);
    } else {
      cost = Member::cost(row, s, y);
    }
  });
  return cost;
}

// dC/ds, or delta where the loss is paired with the output's activation
template <class AnyRow, class T>
CHAINRULE_INLINE void cost_gradient(const Loss& loss, AnyRow row, const T* s, const T* y,
                                    typename AnyRow::Scalar share, T* gradient) {
  visit(loss.index, Losses(), [&](auto member) {
    using Member = typename decltype(member)::type;
    if constexpr (Member::kHasPair) {
      if (loss.paired) return Member::paired_delta(row, s, y, share, gradient);
    }
    Member::gradient(row, s, y, share, gradient);
  });
}

// delta = dC/da f'(z); delta may be dC_da itself
template <class Activation, class AnyRow, class T>
CHAINRULE_INLINE void delta_of(AnyRow row, const T* a, const T* dC_da, T* delta) {
  if constexpr (Activation::kElementwise) {
    row.for_each([&](auto at) { at.put(delta, at(dC_da) * Activation::slope(at(a))); });
  } else {
    Activation::backward(row, a, dC_da, delta);
  }
}

template <class V>
void activation_backward(int activation, const typename V::Number* a,
                         const typename V::Number* dC_da, typename V::Number* delta, int64_t rows,
                         int64_t cols, int64_t stride) {
  visit(activation, Activations(), [&](auto member) {
    using Activation = typename decltype(member)::type;
    for (int64_t i = 0; i < rows; ++i, a += stride, dC_da += stride, delta += stride) {
      delta_of<Activation>(Row<V>(cols), a, dC_da, delta);
    }
  });
}

template <class V>
void costs(const Loss& loss, const typename V::Number* z, const typename V::Number* s,
           const typename V::Number* y, int64_t rows, int64_t cols, int64_t stride, double* costs) {
  for (int64_t i = 0; i < rows; ++i, z += stride, s += stride, y += stride) {
    costs[i] = static_cast<double>(cost_of(loss, Row<V>(cols), z, s, y));
  }
}

template <class V>
void cost_backward(const Loss& loss, const typename V::Number* s, const typename V::Number* y,
                   const typename V::Number* shares, int64_t rows, int64_t cols, int64_t stride,
                   typename V::Number* gradient) {
  for (int64_t i = 0; i < rows; ++i, s += stride, y += stride, gradient += stride) {
    cost_gradient(loss, Row<V>(cols), s, y, shares[i], gradient);
  }
}

template <class V>
void sum_over_batch(const typename V::Number* delta, int64_t rows, int64_t cols, int64_t stride,
                    typename V::Number* sum) {
  Row<V>(cols).for_each([&](auto at) {
    V total = V::zero();
    const auto* row = delta;
    for (int64_t i = 0; i < rows; ++i, row += stride) total = total + at(row);
    at.put(sum, total);
  });
}

template <int kHalf, class V, int kRows>
CHAINRULE_INLINE void add_second_half(V (&lanes)[kRows]) {
  constexpr int kPairs = kRows < 2 * kHalf ? kRows - kHalf : kHalf;
  for (int i = 0; i < kPairs; ++i) lanes[i] = lanes[i] + lanes[i + kHalf];
}

// Of up to 16 rows; their number is known here, so that the sums stay in registers.
template <class V, int kRows>
void sum_so_many_rows(const typename V::Number* rows, int64_t n_rows, int64_t cols, int64_t stride,
                      typename V::Number* sum) {
  if constexpr (kRows > 1) {
    if (n_rows < kRows) return sum_so_many_rows<V, kRows - 1>(rows, n_rows, cols, stride, sum);
  }
  Row<V>(cols).for_each([&](auto at) {
    V lanes[kRows];
    for (int i = 0; i < kRows; ++i) lanes[i] = at(rows + i * stride);
    add_second_half<8>(lanes);
    add_second_half<4>(lanes);
    add_second_half<2>(lanes);
    add_second_half<1>(lanes);
    at.put(sum, lanes[0]);
  });
}

template <class V>
void sum_rows(const typename V::Number* rows, int64_t n_rows, int64_t cols, int64_t stride,
              typename V::Number* sum) {
  sum_so_many_rows<V, 16>(rows, n_rows, cols, stride, sum);
}

template <class V>
bool all_finite(const typename V::Number* values, int64_t count) {
  // v - v is 0 for every finite v and NaN for the others.
  return Row<V>(count).sum([&](auto at) { return at(values) - at(values); }) == 0;
}

// One step for the weights at a place. Those that would not be finite keep their value and state, and make `not_finite`
// NaN.
template <int kStates, class Step, class AnyAt, class V, class T = typename V::Number>
CHAINRULE_INLINE void make_step(const Step& step, const Update<T>& update, int64_t offset, AnyAt at,
                                V gradient, T* w, V& not_finite, bool check_only = false) {
  V before[kStates + 1], states[kStates + 1];
  for (int n = 0; n < kStates; ++n) before[n] = states[n] = at(update.states[n] + offset);
  const V weight = at(w);
  const V next = step(weight, gradient, states);
  V zero_if_finite = next - next;
  for (int n = 0; n < kStates; ++n) zero_if_finite = zero_if_finite + (states[n] - states[n]);
  const auto finite = zero_if_finite == V::zero();
  // Where a row ends, lanes beyond it hold zeros and stay finite for any formula but one that divides by its state
  // alone; they are not looked at.
  not_finite = not_finite + at.or_else(zero_if_finite, V::zero());
  if (check_only) return;
  at.put(w, select(finite, next, weight));
  for (int n = 0; n < kStates; ++n) {
    at.put(update.states[n] + offset, select(finite, states[n], before[n]));
  }
}

template <class T, class... Members>
constexpr bool may_be_fetched_ahead(TypeList<Members...>) {
  return ((1 + Members::kMaxStates <= Ahead<T>::kMost) && ...);
}
static_assert(may_be_fetched_ahead<float>(Optimizers()), "weights and their states");

template <int kCount>
struct Count {
  static constexpr int value = kCount;
};

// Calls visitor(TypeOf<Step>(), Count<states>()) for the optimizer of an update, with the states that it has.
template <class V, class Visitor>
CHAINRULE_INLINE void visit_step(const Update<typename V::Number>& update, Visitor&& visitor) {
  visit(update.optimizer, Optimizers(), [&](auto member) {
    using Optimizer = typename decltype(member)::type;
    if constexpr (Optimizer::kMinStates == 0) {
      if (update.n_states == 0) {
        return visitor(TypeOf<typename Optimizer::template Step<V, 0>>(), Count<0>());
      }
    }
    constexpr int kStates = Optimizer::kMaxStates;
    visitor(TypeOf<typename Optimizer::template Step<V, kStates>>(), Count<kStates>());
  });
}

template <class V>
bool update(const Update<typename V::Number>& update,
            const UpdateBlock<typename V::Number>& block) {
  V not_finite = V::zero();
  visit_step<V>(update, [&](auto step_type, auto n_states) {
    const typename decltype(step_type)::type step(update.constants);
    const Row<V> row(block.cols);
    for (int64_t i = 0; i < block.rows; ++i) {
      auto* w = block.weights + i * block.weights_stride;
      const auto* gradient = block.gradient + i * block.gradient_stride;
      row.for_each([&](auto at) {
        make_step<decltype(n_states)::value>(step, update, block.offset + i * block.stride, at,
                                             at(gradient), w, not_finite, block.check_only);
      });
    }
  });
  return all(not_finite == V::zero());
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
