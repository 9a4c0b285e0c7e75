// Compiled for each CPU target: CHAINRULE_TARGET is its name, CHAINRULE_VEC its header.
// SPDX-License-Identifier: BSD-3-Clause
#include "vec_operations.h"

#include CHAINRULE_VEC
#include "chainrule/kernels/lanes.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

#define OPERATION(name, domain, expression)                                                    \
  {name, Domain::domain, [](const T* pa, const T* pb, const T* pc, T* out, int64_t count) {    \
     for (int64_t i = 0; i < count; i += V::kWidth) {                                          \
       [[maybe_unused]] const V a = V::load(pa + i), b = V::load(pb + i), c = V::load(pc + i); \
       (expression).store(out + i);                                                            \
     }                                                                                         \
   }}

template <class T>
struct Operations {
  using V = Vec<T>;

  static V zero_or_one(typename V::Mask mask) { return select(mask, V::set(1), V::zero()); }

  static constexpr LaneOperation<T> kLaneOperations[] = {
      OPERATION("zero", kAll, V::zero()),
      OPERATION("set", kAll, V::set(T(-1.5))),
      OPERATION("load and store", kAll, a),
      OPERATION("a + b", kAll, a + b),
      OPERATION("a - b", kAll, a - b),
      OPERATION("a * b", kAll, a* b),
      OPERATION("a / b", kAll, a / b),
      OPERATION("-a", kAll, -a),
      OPERATION("fma", kAll, fma(a, b, c)),
      OPERATION("min", kAll, min(a, b)),
      OPERATION("max", kAll, max(a, b)),
      OPERATION("abs", kAll, abs(a)),
      OPERATION("sqrt", kAll, sqrt(a)),
      OPERATION("copy_sign", kAll, copy_sign(a, b)),
      OPERATION("round", kRoundable, round(a)),
      OPERATION("exponent", kPositiveNormal, exponent(a)),
      OPERATION("significand", kPositiveNormal, significand(a)),
      OPERATION("low_bits_to_exponent", kRoundable,
                low_bits_to_exponent(a + V::set(FloatFormat<T>::kShifter))),
      OPERATION("power_of_two", kExponents, power_of_two(a)),
      OPERATION("a < b", kAll, zero_or_one(a < b)),
      OPERATION("a <= b", kAll, zero_or_one(a <= b)),
      OPERATION("a > b", kAll, zero_or_one(a > b)),
      OPERATION("a >= b", kAll, zero_or_one(a >= b)),
      OPERATION("a == b", kAll, zero_or_one(a == b)),
      OPERATION("is_nan", kAll, zero_or_one(is_nan(a))),
      OPERATION("and", kAll, zero_or_one((a < b) & (b < c))),
      OPERATION("or", kAll, zero_or_one((a < b) | (b < c))),
      OPERATION("select", kAll, select(a < b, c, a)),
  };

  static void load_first(const T* p, int n, T* out) { V::load_first(p, n).store(out); }
  static void store_first(const T* values, T* p, int n) { V::load(values).store_first(p, n); }
  static void first(int n, T* out) { zero_or_one(V::first(n)).store(out); }
  static bool any_positive(const T* values) { return any(V::load(values) > V::zero()); }
  static bool all_positive(const T* values) { return all(V::load(values) > V::zero()); }
  static void transpose_block(T* block) {
    V rows[V::kWidth];
    for (int i = 0; i < V::kWidth; ++i) rows[i] = V::load(block + i * V::kWidth);
    transpose(rows);
    for (int i = 0; i < V::kWidth; ++i) rows[i].store(block + i * V::kWidth);
  }
  static T sum(const T* values) { return fold_sum(V::load(values)); }
  static T maximum(const T* values) { return fold_max(V::load(values)); }

  static constexpr VecOperations<T> kAll = {
      V::kWidth,    kLaneOperations, sizeof kLaneOperations / sizeof kLaneOperations[0],
      load_first,   store_first,     first,
      any_positive, all_positive,    transpose_block,
      sum,          maximum,         row_sum<T>,
      row_max<T>,
  };
};

}  // namespace

extern const TargetOperations kOperations;
const TargetOperations kOperations = {Operations<float>::kAll, Operations<double>::kAll};

}  // namespace chainrule::CHAINRULE_TARGET
