// Activations and optimizers over rows and blocks: the formulas of the members, as loops. Compiled for every CPU
// target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/kernels/rows.h"
#include "chainrule/kernels/visit.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// Whether f' is written with z, for the TypeOf<> of an activation.
template <class Member>
constexpr bool kReadsZ = Member::type::kSlopeReads == SlopeReads::kZ;

// a = f(z) and f'(z). They share most of their work, which the compiler does once, where the two are computed side by side.
template <class Formula, class V, class AnyAt, class T>
CHAINRULE_INLINE void put_with_slope(const Formula& f, V z, AnyAt at, T* a, T* slope) {
  const V of_a = f.forward(z), of_slope = f.slope(z);
  at.put(slope, of_slope);
  at.put(a, of_a);
}

template <class V>
void activate(const Activation& activation, const typename V::Number* bias, typename V::Number* z,
              typename V::Number* a, typename V::Number* slope, int64_t rows, int64_t cols,
              int64_t stride) {
  const Row<V> row(cols);
  // Pointers by value, here and below: rows are short, and what a reference leads to is read again for each.
  visit_formula<V>(activation, [=](auto member, const auto& f) CHAINRULE_INLINE_LAMBDA {
    const bool keeps_slope = kReadsZ<decltype(member)> && slope;
    const bool keeps_z = z != a && !(keeps_slope && z == slope);
    for (int64_t i = 0; i < rows; ++i) {
      auto *const z_i = z + i * stride, *const a_i = a + i * stride;
      if constexpr (decltype(member)::type::kElementwise) {
        row.for_each([=, &f](auto at) CHAINRULE_INLINE_LAMBDA {
          const V sum = bias ? at(z_i) + at(bias) : at(z_i);
          if (keeps_z) at.put(z_i, sum);
          if constexpr (kReadsZ<decltype(member)>) {
            if (keeps_slope) return put_with_slope(f, sum, at, a_i, slope + i * stride);
          }
          at.put(a_i, f.forward(sum));
        });
      } else {
        if (bias) row.for_each([=](auto at) { at.put(z_i, at(z_i) + at(bias)); });
        f.forward(row, z_i, a_i);
      }
    }
  });
}

// f', from a or as it was kept
template <class Member, class Formula, class V>
CHAINRULE_INLINE V slope_of(TypeOf<Member>, const Formula& f, V a_or_slope) {
  if constexpr (kReadsZ<TypeOf<Member>>) {
    return a_or_slope;
  } else {
    return f.slope(a_or_slope);
  }
}

// delta = dC/da f'(z); delta may be dC_da itself
template <class Member, class Formula, class AnyRow, class T>
CHAINRULE_INLINE void delta_of(TypeOf<Member>, const Formula& f, AnyRow row, const T* a_or_slope,
                               const T* dC_da, T* delta) {
  if constexpr (Member::kElementwise) {
    row.for_each([=, &f](auto at) {
      at.put(delta, at(dC_da) * slope_of(TypeOf<Member>(), f, at(a_or_slope)));
    });
  } else {
    f.backward(row, a_or_slope, dC_da, delta);
  }
}

template <class V>
void activation_backward(const Activation& activation, const typename V::Number* a_or_slope,
                         const typename V::Number* dC_da, typename V::Number* delta, int64_t rows,
                         int64_t cols, int64_t stride) {
  visit_formula<V>(activation, [=](auto member, const auto& f) CHAINRULE_INLINE_LAMBDA {
    for (int64_t i = 0; i < rows; ++i) {
      delta_of(member, f, Row<V>(cols), a_or_slope + i * stride, dC_da + i * stride,
               delta + i * stride);
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

// The weight decay of a step, if there is any: without, a gradient of -0 stays one.
template <class V>
class Decay {
 public:
  using T = typename V::Number;
  CHAINRULE_INLINE explicit Decay(const OptimizerStep<T>& step)
      : any_(step.decays), adds_(V::set(step.decay_adds)), keeps_(V::set(step.decay_keeps)) {}

  CHAINRULE_INLINE V gradient(V g, V w) const { return any_ ? fma(adds_, w, g) : g; }
  CHAINRULE_INLINE V weight(V w) const { return any_ ? keeps_ * w : w; }

 private:
  bool any_;
  V adds_, keeps_;
};

template <class V>
struct NoDecay {
  CHAINRULE_INLINE V gradient(V g, V /*w*/) const { return g; }
  CHAINRULE_INLINE V weight(V w) const { return w; }
};

// One step for the weights at a place, with their states. Those that would not be finite keep their value and state, and make
// `not_finite` NaN.
template <int kStates, class Step, class AnyDecay, class AnyAt, class V,
          class T = typename V::Number>
CHAINRULE_INLINE void make_step(const Step& step, const AnyDecay& decay, T* const* states, AnyAt at,
                                V gradient, T* w, V& not_finite) {
  V before[kStates + 1], next_states[kStates + 1];
  for (int n = 0; n < kStates; ++n) before[n] = next_states[n] = at(states[n]);
  const V weight = at(w);
  const V next = step(decay.weight(weight), decay.gradient(gradient, weight), next_states);
  V zero_if_finite = next - next;
  for (int n = 0; n < kStates; ++n) {
    zero_if_finite = zero_if_finite + (next_states[n] - next_states[n]);
  }
  const auto finite = zero_if_finite == V::zero();
  // Where a row ends, lanes beyond it hold zeros and stay finite for any formula but one that divides by its state
  // alone; they are not looked at.
  not_finite = not_finite + at.or_else(zero_if_finite, V::zero());
  at.put(w, select(finite, next, weight));
  for (int n = 0; n < kStates; ++n) at.put(states[n], select(finite, next_states[n], before[n]));
}

// The states of an update, from an element on.
template <class T, int kStates>
struct StatesAt {
  T* of[kStates + 1];
  CHAINRULE_INLINE StatesAt(const OptimizerStep<T>& update, int64_t offset) {
    for (int n = 0; n < kStates; ++n) of[n] = update.states[n] + offset;
  }
};

template <int kCount>
struct Count {
  static constexpr int value = kCount;
};

constexpr int count_of(unsigned set) { return set == 0 ? 0 : 1 + count_of(set & (set - 1)); }

// Calls visitor(TypeOf<Step>(), Count<states>()) for a member with this set of states.
template <class V, class Optimizer, int kSet = 0, class Visitor>
CHAINRULE_INLINE void visit_states(unsigned state_set, Visitor&& visitor) {
  constexpr unsigned kStateSet = Optimizer::kStateSets[kSet];
  if constexpr (kSet + 1 < sizeof(Optimizer::kStateSets) / sizeof(unsigned)) {
    if (state_set != kStateSet) return visit_states<V, Optimizer, kSet + 1>(state_set, visitor);
  }
  visitor(TypeOf<typename Optimizer::template Step<V, kStateSet>>(), Count<count_of(kStateSet)>());
}

template <class V, class Visitor>
CHAINRULE_INLINE void visit_step(const OptimizerStep<typename V::Number>& update,
                                 Visitor&& visitor) {
  visit(update.optimizer, Optimizers(), [&](auto member) {
    visit_states<V, typename decltype(member)::type>(update.state_set, visitor);
  });
}

template <class V, class Step, int kStates, class T = typename V::Number>
bool update_with(const OptimizerStep<T>& update, const UpdateBlock<T>& block) {
  const Step step(update.constants);
  const Decay<V> decay(update);
  const Row<V> row(block.cols);
  V not_finite = V::zero();
  for (int64_t i = 0; i < block.rows; ++i) {
    T* const w = block.weights + i * block.weights_stride;
    const T* const gradient = block.gradient + i * block.gradient_stride;
    const StatesAt<T, kStates> states(update, block.offset + i * block.stride);
    row.for_each([&](auto at) CHAINRULE_INLINE_LAMBDA {
      make_step<kStates>(step, decay, states.of, at, at(gradient), w, not_finite);
    });
    if (update.average) {
      axpby_row<V>(update.average_adds, w, update.average_keeps,
                   update.average + block.offset + i * block.stride, block.cols);
    }
  }
  return all(not_finite == V::zero());
}

template <class V>
bool update(const OptimizerStep<typename V::Number>& update,
            const UpdateBlock<typename V::Number>& block) {
  bool finite = true;
  visit_step<V>(update, [&](auto step_type, auto n_states) {
    using Step = typename decltype(step_type)::type;
    finite = update_with<V, Step, decltype(n_states)::value>(update, block);
  });
  return finite;
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
