// The costs of rows, and the way from them to dC/ds or delta: the mean over the outputs of a sample, and its share in the
// batch, for every loss. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/rows.h"
#include "chainrule/kernels/visit.h"
#include "chainrule/losses/loss.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// f(), or f(the number of the output at this place) for a formula that gets such.
template <class Member, class AnyAt, class T, class F>
CHAINRULE_INLINE auto with_number(AnyAt at, const T* of_outputs, F&& f) {
  if constexpr (kOfOutputs<Member> == OfOutputs::kNone) {
    return f();
  } else if constexpr (kOfOutputs<Member> == OfOutputs::kAlways) {
    return f(at.of_column(of_outputs));
  } else {
    return of_outputs ? f(at.of_column(of_outputs)) : f();
  }
}

// Whether a cost comes from z, s and y alone, as that of most losses: one look at what the others have.
template <class T>
CHAINRULE_INLINE bool is_plain(const Loss& loss) {
  return !(loss.masks_nan | loss.logits) && !loss.of_outputs(T());
}

// 0 where a target is missing
template <class V>
CHAINRULE_INLINE V unless_missing(const Loss& loss, V y, V value) {
  return loss.masks_nan ? select(is_nan(y), V::zero(), value) : value;
}

// The cost of a row, or of rows side by side.
template <class AnyRow, class T>
CHAINRULE_INLINE typename AnyRow::Scalar cost_of(const Loss& loss, AnyRow row, const T* z,
                                                 const T* s, const T* y) {
  using V = typename AnyRow::Vector;
  typename AnyRow::Scalar cost = row.number(0);
  visit_formula<V>(loss.choice, [&](auto member, const auto& formula) CHAINRULE_INLINE_LAMBDA {
    using Member = typename decltype(member)::type;
    if constexpr (!Member::kElementwise && kIsPaired<Member>) {
      cost = formula.paired_cost(row, z, y);
    } else if constexpr (!Member::kElementwise) {
      cost = formula.cost(row, s, y);
    } else {
      const T* const of_outputs = loss.of_outputs(T());
      [[maybe_unused]] const bool plain = is_plain<T>(loss);
      const auto sum = row.sum([&](auto at) {
        const V target = at(y);
        if constexpr (kIsPaired<Member>) {
          if (plain) return formula.paired_value(at(z), target);
        }
        const V value = with_number<Member>(at, of_outputs, [&](auto... number) {
          if constexpr (kIsPaired<Member>) {
            return formula.paired_value(at(z), target, number...);
          } else {
            if constexpr (kHasLogitsValue<Member, V>) {
              if (loss.logits) return formula.logits_value(at(z), target);
            }
            return formula.value(at(s), target, number...);
          }
        });
        return unless_missing(loss, target, value);
      });
      cost = sum / row.count();
    }
  });
  return cost;
}

// delta, from s, or from z where s is the loss's own affair
template <class Member, class Formula, class AnyRow, class T>
CHAINRULE_INLINE void paired_gradient(const Loss& loss, const Formula& formula, AnyRow row,
                                      const T* z, const T* s, const T* y,
                                      typename AnyRow::Scalar share, T* delta) {
  using V = typename AnyRow::Vector;
  const typename Member::PairedActivation::template Formula<V> f(nullptr);
  if constexpr (!Member::kElementwise) {
    if (loss.logits) f.forward(row, z, delta);
    formula.paired_delta(row, loss.logits ? delta : s, y, share, delta);
  } else {
    const T* const of_outputs = loss.of_outputs(T());
    const auto factor = row.all(share / row.count());
    const bool plain = is_plain<T>(loss);
    row.for_each([&](auto at) {
      if (plain) return at.put(delta, factor * formula.paired_slope(at(z), at(s), at(y)));
      const V target = at(y), output = loss.logits ? f.forward(at(z)) : at(s);
      const V slope = with_number<Member>(at, of_outputs, [&](auto... number) {
        return formula.paired_slope(at(z), output, target, number...);
      });
      at.put(delta, unless_missing(loss, target, factor * slope));
    });
  }
}

// dC/ds, or delta where the loss is paired with the output's activation; `gradient` overlaps neither z nor s
template <class AnyRow, class T>
CHAINRULE_INLINE void cost_gradient(const Loss& loss, AnyRow row, const T* z, const T* s,
                                    const T* y, typename AnyRow::Scalar share, T* gradient) {
  using V = typename AnyRow::Vector;
  visit_formula<V>(loss.choice, [&](auto member, const auto& formula) CHAINRULE_INLINE_LAMBDA {
    using Member = typename decltype(member)::type;
    if constexpr (kIsPaired<Member>) {
      if (loss.paired) {
        return paired_gradient<Member>(loss, formula, row, z, s, y, share, gradient);
      }
    }
    if constexpr (!Member::kElementwise) {
      formula.gradient(row, s, y, share, gradient);
    } else {
      const T* const of_outputs = loss.of_outputs(T());
      const auto factor = row.all(share / row.count());
      // A sample of no weight may be so far off that its slope overflows: it has no part in the gradient.
      const auto none = factor == V::zero();
      row.for_each([&](auto at) {
        const V target = at(y);
        const V slope = with_number<Member>(at, of_outputs, [&](auto... number) {
          if constexpr (kHasLogitsValue<Member, V>) {
            if (loss.logits) return formula.logits_slope(at(z), target);
          }
          return formula.slope(at(s), target, number...);
        });
        at.put(gradient, unless_missing(loss, target, select(none, factor, factor * slope)));
      });
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
void cost_backward(const Loss& loss, const typename V::Number* z, const typename V::Number* s,
                   const typename V::Number* y, const typename V::Number* shares, int64_t rows,
                   int64_t cols, int64_t stride, typename V::Number* gradient) {
  for (int64_t i = 0; i < rows; ++i, z += stride, s += stride, y += stride, gradient += stride) {
    cost_gradient(loss, Row<V>(cols), z, s, y, shares[i], gradient);
  }
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
