// Fused multiply-adds and nothing else: the most that the arithmetic of a CPU target can do. Compiled for every CPU
// target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdint.h>

namespace chainrule::CHAINRULE_TARGET {
namespace {

// The other registers hold the constant and what a target without FMA has between its two operations. 12 chains are
// enough for two units of a latency of 6, 28 for four of 7.
template <class V>
constexpr int kChains = V::kRegisters - 4;

template <class V>
typename V::Number multiply_add(int64_t rounds) {
  using T = typename V::Number;
  const V half = V::set(T(0.5));
  V chains[kChains<V>];
  // Each from a number of its own, since a compiler may make one of two chains that are equal. x / 2 + 1 / 2 goes to 1
  // from everywhere: no denormals, no overflow.
  for (int i = 0; i < kChains<V>; ++i) chains[i] = V::set(static_cast<T>(i));
  for (; rounds > 0; --rounds) {
#pragma GCC unroll 32
    for (int i = 0; i < kChains<V>; ++i) chains[i] = fma(chains[i], half, half);
  }
  V sum = V::zero();
  for (int i = 0; i < kChains<V>; ++i) sum = sum + chains[i];
  return fold_sum(sum);
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
