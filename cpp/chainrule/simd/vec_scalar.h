// One number at a time, on every CPU. What an operation does is defined here; the targets with FMA give the same bits
// (except for which NaN a NaN is).
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string.h>

#include "chainrule/simd/float_format.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// The functions of C for either type.
struct C {
  static CHAINRULE_INLINE float fma(float a, float b, float c) { return ::fmaf(a, b, c); }
  static CHAINRULE_INLINE double fma(double a, double b, double c) { return ::fma(a, b, c); }
  static CHAINRULE_INLINE float sqrt(float a) { return ::sqrtf(a); }
  static CHAINRULE_INLINE double sqrt(double a) { return ::sqrt(a); }
  static CHAINRULE_INLINE float round(float a) { return ::rintf(a); }
  static CHAINRULE_INLINE double round(double a) { return ::rint(a); }
  static CHAINRULE_INLINE float abs(float a) { return ::fabsf(a); }
  static CHAINRULE_INLINE double abs(double a) { return ::fabs(a); }
  static CHAINRULE_INLINE float copy_sign(float a, float b) { return ::copysignf(a, b); }
  static CHAINRULE_INLINE double copy_sign(double a, double b) { return ::copysign(a, b); }
};

template <class T>
struct Vec {
  using Number = T;
  static constexpr int kWidth = 1;
  static constexpr int kRegisters = 16;
  T raw;

  // ---- Memory, at any address ----

  static CHAINRULE_INLINE Vec zero() { return {T(0)}; }
  static CHAINRULE_INLINE Vec set(T x) { return {x}; }
  static CHAINRULE_INLINE Vec load(const T* p) { return {*p}; }
  CHAINRULE_INLINE void store(T* p) const { *p = raw; }

  // The first n lanes, 0 <= n <= kWidth: the others are loaded as 0 and stored nowhere; no byte of theirs is touched.
  static CHAINRULE_INLINE Vec load_first(const T* p, int n) { return {n > 0 ? *p : T(0)}; }
  CHAINRULE_INLINE void store_first(T* p, int n) const {
    if (n > 0) *p = raw;
  }

  // ---- Arithmetic ----

  friend CHAINRULE_INLINE Vec operator+(Vec a, Vec b) { return {a.raw + b.raw}; }
  friend CHAINRULE_INLINE Vec operator-(Vec a, Vec b) { return {a.raw - b.raw}; }
  friend CHAINRULE_INLINE Vec operator*(Vec a, Vec b) { return {a.raw * b.raw}; }
  friend CHAINRULE_INLINE Vec operator/(Vec a, Vec b) { return {a.raw / b.raw}; }
  friend CHAINRULE_INLINE Vec sqrt(Vec a) { return {C::sqrt(a.raw)}; }

  // a b + c rounded once, or twice on a target without FMA
  friend CHAINRULE_INLINE Vec fma(Vec a, Vec b, Vec c) { return {C::fma(a.raw, b.raw, c.raw)}; }

  // The nearest whole number, the even one of two, with the sign of a
  friend CHAINRULE_INLINE Vec round(Vec a) { return {C::round(a.raw)}; }

  // b where either is NaN, and where both are 0
  friend CHAINRULE_INLINE Vec min(Vec a, Vec b) { return {a.raw < b.raw ? a.raw : b.raw}; }
  friend CHAINRULE_INLINE Vec max(Vec a, Vec b) { return {a.raw > b.raw ? a.raw : b.raw}; }

  // ---- Bits ----

  using Format = FloatFormat<T>;
  using Bits = typename Format::Bits;
  static constexpr Bits kFraction = (Bits{1} << Format::kFractionBits) - 1;
  static constexpr Bits kOne = Bits{Format::kBias} << Format::kFractionBits;

  static CHAINRULE_INLINE Vec from_bits(Bits bits) {
    Vec a;
    memcpy(&a.raw, &bits, sizeof bits);
    return a;
  }
  CHAINRULE_INLINE Bits bits() const {
    Bits bits;
    memcpy(&bits, &raw, sizeof bits);
    return bits;
  }

  friend CHAINRULE_INLINE Vec operator-(Vec a) { return {-a.raw}; }
  friend CHAINRULE_INLINE Vec abs(Vec a) { return {C::abs(a.raw)}; }
  friend CHAINRULE_INLINE Vec copy_sign(Vec magnitude, Vec sign) {
    return {C::copy_sign(magnitude.raw, sign.raw)};
  }

  // For a normal number a > 0, the whole number n and the m in [1, 2) with a = m 2^n
  friend CHAINRULE_INLINE Vec exponent(Vec a) {
    return {static_cast<T>(static_cast<int>(a.bits() >> Format::kFractionBits) - Format::kBias)};
  }
  friend CHAINRULE_INLINE Vec significand(Vec a) {
    return from_bits((a.bits() & kFraction) | kOne);
  }

  // The number whose sign and exponent are the low bits of a and whose fraction is 0
  friend CHAINRULE_INLINE Vec low_bits_to_exponent(Vec a) {
    return from_bits(a.bits() << Format::kFractionBits);
  }
  // 2^n for a whole number n, if this is a normal number
  friend CHAINRULE_INLINE Vec power_of_two(Vec n) {
    return low_bits_to_exponent(n + set(Format::kShifter + Format::kBias));
  }

  // ---- Choices ----

  struct Mask {
    bool raw;

    friend CHAINRULE_INLINE Mask operator&(Mask a, Mask b) { return {a.raw && b.raw}; }
    friend CHAINRULE_INLINE Mask operator|(Mask a, Mask b) { return {a.raw || b.raw}; }
    friend CHAINRULE_INLINE bool any(Mask a) { return a.raw; }
    friend CHAINRULE_INLINE bool all(Mask a) { return a.raw; }
  };

  // The first n lanes
  static CHAINRULE_INLINE Mask first(int n) { return {n > 0}; }

  // False where either is NaN
  friend CHAINRULE_INLINE Mask operator<(Vec a, Vec b) { return {a.raw < b.raw}; }
  friend CHAINRULE_INLINE Mask operator<=(Vec a, Vec b) { return {a.raw <= b.raw}; }
  friend CHAINRULE_INLINE Mask operator>(Vec a, Vec b) { return {a.raw > b.raw}; }
  friend CHAINRULE_INLINE Mask operator>=(Vec a, Vec b) { return {a.raw >= b.raw}; }
  friend CHAINRULE_INLINE Mask operator==(Vec a, Vec b) { return {a.raw == b.raw}; }
  friend CHAINRULE_INLINE Mask is_nan(Vec a) { return {a.raw != a.raw}; }

  friend CHAINRULE_INLINE Vec select(Mask mask, Vec a, Vec b) { return {mask.raw ? a.raw : b.raw}; }

  // ---- Across lanes ----

  // Lane i takes in lane i + half, then the half of these, down to one.
  friend CHAINRULE_INLINE T fold_sum(Vec a) { return a.raw; }
  friend CHAINRULE_INLINE T fold_max(Vec a) { return a.raw; }

  friend CHAINRULE_INLINE void transpose(Vec (& /*rows*/)[kWidth]) {}
};

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
