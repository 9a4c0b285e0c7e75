// ln x and ln(1 + x).
// Method: e_log.c and s_log1p.c of fdlibm (Sun Microsystems, 1993). Polynomials: Sollya's fpminimax.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/elementary/exp.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

template <class T>
struct LogNumbers;

// 2 artanh s = 2 s + s R, R = s^2 (kTerms[0] + kTerms[1] s^2 + ...), for |s| <= 0.1717
template <>
struct LogNumbers<float> {
  // Relative error below 0.05 2^-24
  static constexpr float kTerms[] = {0x1.55555cp-1f, 0x1.997b7ep-2f, 0x1.2efc6p-2f};
};

template <>
struct LogNumbers<double> {
  // Relative error below 0.05 2^-53
  static constexpr double kTerms[] = {
      0x1.5555555555558p-1, 0x1.9999999995239p-2, 0x1.2492492e0c875p-2, 0x1.c71c62bf42ed4p-3,
      0x1.7462bfebe8471p-3, 0x1.39fce62a80fc1p-3, 0x1.2b6a94c8ac989p-3};
};

// x = 2^n (1 + f), sqrt(1/2) < 1 + f <= sqrt(2)
template <class T>
struct LogParts {
  Vec<T> f, n;
};

template <class T>
CHAINRULE_INLINE LogParts<T> log_parts(Vec<T> x) {
  using V = Vec<T>;
  const V n = exponent(x), m = significand(x), one = V::set(1);
  const auto above = m > V::set(T(0x1.6a09e667f3bcdp0));
  return {select(above, m * V::set(T(0.5)), m) - one, select(above, n + one, n)};
}

// n ln 2 + ln(1 + f). With s = f / (2 + f), ln(1 + f) = 2 artanh s = f - (f^2 / 2 - s (f^2 / 2 + R)): what is rounded
// before the last addition is small.
template <class T>
CHAINRULE_INLINE Vec<T> log_of_parts(const LogParts<T>& parts) {
  using V = Vec<T>;
  using Ln2 = ExpNumbers<T>;
  const auto [f, n] = parts;
  const V s = f / (V::set(2) + f), s2 = s * s;
  const V half_square = V::set(T(0.5)) * f * f;
  const V sum = fma(polynomial(s2, s2 * s2, LogNumbers<T>::kTerms), s2, half_square);
  const V correction = fma(s, sum, n * V::set(Ln2::kLn2Low));
  return fma(n, V::set(Ln2::kLn2High), f - (half_square - correction));
}

constexpr double kLogMaxUlp = 1;

// ln x; a denormal x counts as 0.
template <class T>
CHAINRULE_INLINE Vec<T> log(Vec<T> x) {
  using V = Vec<T>;
  using Format = FloatFormat<T>;
  const V infinity = V::set(Format::kInfinity);
  V y = log_of_parts(log_parts(x));
  y = select(x < infinity, y, x);
  y = select(x < V::set(Format::kSmallest), -infinity, y);
  return select(x <= V::set(-Format::kSmallest), V::set(Format::kNaN), y);
}

constexpr double kLog1pMaxUlp = 1.5;

// ln(1 + x)
template <class T>
CHAINRULE_INLINE Vec<T> log1p(Vec<T> x) {
  using V = Vec<T>;
  using Format = FloatFormat<T>;
  const V one = V::set(1), infinity = V::set(Format::kInfinity);
  // u + lost is exactly 1 + x (Knuth, The Art of Computer Programming 2, section 4.2.2, theorem B).
  const V u = one + x, x_in_u = u - one;
  const V lost = (one - (u - x_in_u)) + (x - x_in_u);
  LogParts<T> parts = log_parts(u);
  // Where 2^-n would be denormal, nothing is lost that counts.
  const V scale = power_of_two(max(-parts.n, V::set(1 - Format::kBias)));
  parts.f = fma(lost, scale, parts.f);
  V y = log_of_parts(parts);
  y = select(x < infinity, y, x);
  y = select(x <= -one, -infinity, y);
  y = select(x < -one, V::set(Format::kNaN), y);
  return select(abs(x) < V::set(kTiny<T>), x, y);
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
