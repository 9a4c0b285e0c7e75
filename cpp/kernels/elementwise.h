// Activations, costs and optimizers over rows and blocks: the formulas of the members, as loops. Compiled for every CPU
// target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "activations/list.h"
#include "kernels/kernel_table.h"
#include "kernels/rows.h"
#include "losses/list.h"
#include "optimizers/list.h"

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

template <class V>
void activation_backward(int activation, const typename V::Number* a,
                         const typename V::Number* dC_da, typename V::Number* delta, int64_t rows,
                         int64_t cols, int64_t stride) {
  const Row<V> row(cols);
  visit(activation, Activations(), [&](auto member) {
    using Activation = typename decltype(member)::type;
    for (int64_t i = 0; i < rows; ++i, a += stride, dC_da += stride, delta += stride) {
      if constexpr (Activation::kElementwise) {
        row.for_each([&](auto at) { at.put(delta, at(dC_da) * Activation::slope(at(a))); });
      } else {
        Activation::backward(row, a, dC_da, delta);
      }
    }
  });
}

template <class V>
void costs(const Loss& loss, const typename V::Number* z, const typename V::Number* s,
           const typename V::Number* y, int64_t rows, int64_t cols, int64_t stride, double* costs) {
  const Row<V> row(cols);
  visit(loss.index, Losses(), [&](auto member) {
    using Member = typename decltype(member)::type;
    for (int64_t i = 0; i < rows; ++i, z += stride, s += stride, y += stride) {
      if constexpr (Member::kHasPair) {
        costs[i] = static_cast<double>(loss.paired ? Member::paired_cost(row, z, y)
                                                   : Member::cost(row, s, y));
      } else {
        costs[i] = static_cast<double>(Member::cost(row, s, y));
      }
    }
  });
}

template <class V>
void cost_backward(const Loss& loss, const typename V::Number* s, const typename V::Number* y,
                   const typename V::Number* shares, int64_t rows, int64_t cols, int64_t stride,
                   typename V::Number* gradient) {
  const Row<V> row(cols);
  visit(loss.index, Losses(), [&](auto member) {
    using Member = typename decltype(member)::type;
    for (int64_t i = 0; i < rows; ++i, s += stride, y += stride, gradient += stride) {
      if constexpr (Member::kHasPair) {
        if (loss.paired) {
          Member::paired_delta(row, s, y, shares[i], gradient);
          continue;
        }
      }
      Member::gradient(row, s, y, shares[i], gradient);
    }
  });
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

template <class V>
bool all_finite(const typename V::Number* values, int64_t count) {
  // v - v is 0 for every finite v and NaN for the others.
  return Row<V>(count).sum([&](auto at) { return at(values) - at(values); }) == 0;
}

template <class V, class Step, int kStates>
bool update_block(const Update<typename V::Number>& update,
                  const UpdateBlock<typename V::Number>& block, typename V::Number* parameters) {
  using T = typename V::Number;
  const Step step(update.constants);
  const Row<V> row(block.cols);
  V not_finite = V::zero();  // becomes NaN
  for (int64_t i = 0; i < block.rows; ++i) {
    const int64_t offset = block.offset + i * block.stride;
    T* w = parameters + offset;
    const T* gradient = block.gradient + i * block.gradient_stride;
    row.for_each([&](auto at) {
      V before[kStates + 1], states[kStates + 1];
      for (int n = 0; n < kStates; ++n) before[n] = states[n] = at(update.states[n] + offset);
      const V weight = at(w);
      V next = step(weight, at(gradient), states);
      V zero_if_finite = next - next;
      for (int n = 0; n < kStates; ++n) zero_if_finite = zero_if_finite + (states[n] - states[n]);
      const auto finite = zero_if_finite == V::zero();
      // Where a row ends, lanes beyond it hold zeros and stay finite for any formula but one that divides by its
      // state alone; they are not looked at.
      not_finite = not_finite + at.or_else(zero_if_finite, V::zero());
      if (block.check_only) return;
      next = select(finite, next, weight);
      at.put(w, next);
      for (int n = 0; n < kStates; ++n) {
        at.put(update.states[n] + offset, select(finite, states[n], before[n]));
      }
      if (block.packed) at.put(block.packed + i * block.packed_stride, next);
    });
  }
  return all(not_finite == V::zero());
}

template <class V>
bool update(const Update<typename V::Number>& update, const UpdateBlock<typename V::Number>& block,
            typename V::Number* parameters) {
  bool finite = true;
  visit(update.optimizer, Optimizers(), [&](auto member) {
    using Optimizer = typename decltype(member)::type;
    if constexpr (Optimizer::kMinStates == 0) {
      if (update.n_states == 0) {
        finite =
            update_block<V, typename Optimizer::template Step<V, 0>, 0>(update, block, parameters);
        return;
      }
    }
    constexpr int kStates = Optimizer::kMaxStates;
    finite = update_block<V, typename Optimizer::template Step<V, kStates>, kStates>(update, block,
                                                                                     parameters);
  });
  return finite;
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
