// The exponential function for constants of an optimizer, with the same bits on every machine.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>

namespace chainrule {

// e^x for x <= 0, within 2 units in the last place: x = n ln 2 + r, |r| <= 0.35, and r^k / k! up to k = 13.
inline double exponential(double x) {
  if (!(x > -700)) return 0;  // nothing beside 1
  const double n = std::floor(x * 1.4426950408889634 + 0.5);
  // ln 2 in two parts; the first has 32 bits, so that its product with n is exact.
  const double r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
  constexpr double kInverseFactorials[] = {1,
                                           1,
                                           1.0 / 2,
                                           1.0 / 6,
                                           1.0 / 24,
                                           1.0 / 120,
                                           1.0 / 720,
                                           1.0 / 5040,
                                           1.0 / 40320,
                                           1.0 / 362880,
                                           1.0 / 3628800,
                                           1.0 / 39916800,
                                           1.0 / 479001600,
                                           1.0 / 6227020800};
  double sum = 0;
  for (int k = 13; k >= 0; --k) sum = sum * r + kInverseFactorials[k];
  return std::ldexp(sum, static_cast<int>(n));
}

}  // namespace chainrule
