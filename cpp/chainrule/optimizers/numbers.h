// Checks of the numbers that an optimizer is made with.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "chainrule/error.h"

namespace chainrule {

// What a step of any optimizer needs at most: its numbers, ready for the formula.
constexpr int kMaxConstants = 6;

// Comparisons are written so that NaN fails them.
inline void require(bool holds, const char* name, const char* expected, double value) {
  if (holds) return;
  throw std::invalid_argument(std::string(name) + " must be " + expected + ", got " +
                              text_of(value));
}

inline void require_learning_rate(double value) {
  require(value >= 0 && std::isfinite(value), "learning_rate", "a finite number >= 0", value);
}

inline void require_fraction(const char* name, double value) {
  require(value >= 0 && value < 1, name, "a number in [0, 1)", value);
}

// base^exponent by repeated squaring: the same bits on every machine, unlike std::pow.
inline double whole_power(double base, std::int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) {
    if (exponent & 1) result *= base;
  }
  return result;
}

}  // namespace chainrule
