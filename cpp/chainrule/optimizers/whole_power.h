// Powers of an optimizer's hyperparameters, with the number of a step as exponent.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace chainrule {

// base^exponent by repeated squaring: the same bits on every machine, unlike std::pow.
inline double whole_power(double base, std::int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) {
    if (exponent & 1) result *= base;
  }
  return result;
}

}  // namespace chainrule
