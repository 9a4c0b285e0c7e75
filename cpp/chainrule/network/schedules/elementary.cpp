// e^x by reduction to |r| <= ln(2) / 2, and the sine by reduction to |t| <= pi / 2, each with its Taylor series.
// Muller: Elementary Functions: Algorithms and Implementation (2016), chapter 11
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/schedules/elementary.h"

#include <algorithm>
#include <cmath>

#include "chainrule/optimizers/whole_power.h"
#include "chainrule/random/normal.h"

namespace chainrule {
namespace {

double exponential(double x) {
  constexpr double kMost = 800;  // beyond which e^x is 0 or infinite
  const double bounded = std::clamp(x, -kMost, kMost);
  // ln 2 in two parts; n times the first is exact.
  constexpr double kLog2E = 0x1.71547652b82fep0;
  constexpr double kLn2High = 0x1.62e42fefap-1, kLn2Low = 0x1.cf79abc9e3b39p-40;
  const double n = std::nearbyint(bounded * kLog2E);
  const double r = (bounded - n * kLn2High) - n * kLn2Low;
  double sum = 1;
  for (int k = 16; k > 0; --k) sum = 1 + sum * r / k;
  return std::ldexp(sum, static_cast<int>(n));
}

}  // namespace

double real_power(double base, double exponent) {
  constexpr double kWhole = 1 << 30;
  if (exponent >= 0 && exponent < kWhole && exponent == std::floor(exponent)) {
    return whole_power(base, static_cast<std::int64_t>(exponent));
  }
  if (base == 0) return exponent > 0 ? 0 : 1 / base;
  return exponential(exponent * natural_log(base));
}

double cos_of_pi_times(double u) {
  constexpr double kPi = 0x1.921fb54442d18p1;
  const double t = kPi * (0.5 - u);  // cos(pi u) = sin(pi (1/2 - u))
  double sum = 1;
  for (int k = 24; k > 1; k -= 2) sum = 1 - sum * t * t / (k * (k + 1));
  return t * sum;
}

}  // namespace chainrule
