// Vectors of SSE4.2: 4 floats or 2 doubles, without FMA. What each operation does stands in vec_scalar.h.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <smmintrin.h>

#include "chainrule/simd/float_format.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

constexpr int kToNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

template <class T>
struct Vec;

template <>
struct Vec<float> {
  using Number = float;
  using Format = FloatFormat<float>;
  static constexpr int kWidth = 4;
  static constexpr int kRegisters = 16;
  __m128 raw;

  struct Mask {
    __m128 raw;

    friend CHAINRULE_INLINE Mask operator&(Mask a, Mask b) { return {_mm_and_ps(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE Mask operator|(Mask a, Mask b) { return {_mm_or_ps(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE bool any(Mask a) { return _mm_movemask_ps(a.raw) != 0; }
    friend CHAINRULE_INLINE bool all(Mask a) { return _mm_movemask_ps(a.raw) == 0xF; }
  };
  static CHAINRULE_INLINE Mask first(int n) {
    return {_mm_castsi128_ps(_mm_cmpgt_epi32(_mm_set1_epi32(n), _mm_setr_epi32(0, 1, 2, 3)))};
  }

  static CHAINRULE_INLINE Vec zero() { return {_mm_setzero_ps()}; }
  static CHAINRULE_INLINE Vec set(float x) { return {_mm_set1_ps(x)}; }
  static CHAINRULE_INLINE Vec load(const float* p) { return {_mm_loadu_ps(p)}; }
  CHAINRULE_INLINE void store(float* p) const { _mm_storeu_ps(p, raw); }
  static CHAINRULE_INLINE Vec load_first(const float* p, int n) {
    float lanes[kWidth] = {};
    for (int i = 0; i < n; ++i) lanes[i] = p[i];
    return load(lanes);
  }
  CHAINRULE_INLINE void store_first(float* p, int n) const {
    float lanes[kWidth];
    store(lanes);
    for (int i = 0; i < n; ++i) p[i] = lanes[i];
  }

  friend CHAINRULE_INLINE Vec operator+(Vec a, Vec b) { return {_mm_add_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator-(Vec a, Vec b) { return {_mm_sub_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator*(Vec a, Vec b) { return {_mm_mul_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator/(Vec a, Vec b) { return {_mm_div_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec sqrt(Vec a) { return {_mm_sqrt_ps(a.raw)}; }
  friend CHAINRULE_INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
  friend CHAINRULE_INLINE Vec round(Vec a) { return {_mm_round_ps(a.raw, kToNearest)}; }
  friend CHAINRULE_INLINE Vec min(Vec a, Vec b) { return {_mm_min_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec max(Vec a, Vec b) { return {_mm_max_ps(a.raw, b.raw)}; }

  friend CHAINRULE_INLINE Vec operator-(Vec a) { return {_mm_xor_ps(set(-0.0f).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec abs(Vec a) { return {_mm_andnot_ps(set(-0.0f).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec copy_sign(Vec magnitude, Vec sign) {
    return {_mm_or_ps(abs(magnitude).raw, _mm_and_ps(set(-0.0f).raw, sign.raw))};
  }
  friend CHAINRULE_INLINE Vec exponent(Vec a) {
    const __m128i biased = _mm_srli_epi32(_mm_castps_si128(a.raw), Format::kFractionBits);
    return Vec{_mm_cvtepi32_ps(biased)} - set(Format::kBias);
  }
  friend CHAINRULE_INLINE Vec significand(Vec a) {
    return {_mm_or_ps(_mm_andnot_ps(set(-Format::kInfinity).raw, a.raw), set(1).raw)};
  }
  friend CHAINRULE_INLINE Vec low_bits_to_exponent(Vec a) {
    return {_mm_castsi128_ps(_mm_slli_epi32(_mm_castps_si128(a.raw), Format::kFractionBits))};
  }
  friend CHAINRULE_INLINE Vec power_of_two(Vec n) {
    return low_bits_to_exponent(n + set(Format::kShifter + Format::kBias));
  }

  friend CHAINRULE_INLINE Mask operator<(Vec a, Vec b) { return {_mm_cmplt_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator<=(Vec a, Vec b) { return {_mm_cmple_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator>(Vec a, Vec b) { return b < a; }
  friend CHAINRULE_INLINE Mask operator>=(Vec a, Vec b) { return b <= a; }
  friend CHAINRULE_INLINE Mask operator==(Vec a, Vec b) { return {_mm_cmpeq_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask is_nan(Vec a) { return {_mm_cmpunord_ps(a.raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec select(Mask mask, Vec a, Vec b) {
    return {_mm_blendv_ps(b.raw, a.raw, mask.raw)};
  }

  friend CHAINRULE_INLINE float fold_sum(Vec a) {
    const __m128 by2 = _mm_add_ps(a.raw, _mm_movehl_ps(a.raw, a.raw));
    return _mm_cvtss_f32(_mm_add_ss(by2, _mm_movehdup_ps(by2)));
  }
  friend CHAINRULE_INLINE float fold_max(Vec a) {
    const __m128 by2 = _mm_max_ps(a.raw, _mm_movehl_ps(a.raw, a.raw));
    return _mm_cvtss_f32(_mm_max_ss(by2, _mm_movehdup_ps(by2)));
  }

  friend CHAINRULE_INLINE void transpose(Vec (&rows)[kWidth]) {
    _MM_TRANSPOSE4_PS(rows[0].raw, rows[1].raw, rows[2].raw, rows[3].raw);
  }
};

template <>
struct Vec<double> {
  using Number = double;
  using Format = FloatFormat<double>;
  static constexpr int kWidth = 2;
  static constexpr int kRegisters = 16;
  __m128d raw;

  struct Mask {
    __m128d raw;

    friend CHAINRULE_INLINE Mask operator&(Mask a, Mask b) { return {_mm_and_pd(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE Mask operator|(Mask a, Mask b) { return {_mm_or_pd(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE bool any(Mask a) { return _mm_movemask_pd(a.raw) != 0; }
    friend CHAINRULE_INLINE bool all(Mask a) { return _mm_movemask_pd(a.raw) == 0x3; }
  };
  static CHAINRULE_INLINE Mask first(int n) {
    return {_mm_castsi128_pd(_mm_cmpgt_epi32(_mm_set1_epi32(n), _mm_setr_epi32(0, 0, 1, 1)))};
  }

  static CHAINRULE_INLINE Vec zero() { return {_mm_setzero_pd()}; }
  static CHAINRULE_INLINE Vec set(double x) { return {_mm_set1_pd(x)}; }
  static CHAINRULE_INLINE Vec load(const double* p) { return {_mm_loadu_pd(p)}; }
  CHAINRULE_INLINE void store(double* p) const { _mm_storeu_pd(p, raw); }
  static CHAINRULE_INLINE Vec load_first(const double* p, int n) {
    return n >= kWidth ? load(p) : n > 0 ? Vec{_mm_load_sd(p)} : zero();
  }
  CHAINRULE_INLINE void store_first(double* p, int n) const {
    if (n > 0) _mm_storel_pd(p, raw);
    if (n > 1) _mm_storeh_pd(p + 1, raw);
  }

  friend CHAINRULE_INLINE Vec operator+(Vec a, Vec b) { return {_mm_add_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator-(Vec a, Vec b) { return {_mm_sub_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator*(Vec a, Vec b) { return {_mm_mul_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator/(Vec a, Vec b) { return {_mm_div_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec sqrt(Vec a) { return {_mm_sqrt_pd(a.raw)}; }
  friend CHAINRULE_INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
  friend CHAINRULE_INLINE Vec round(Vec a) { return {_mm_round_pd(a.raw, kToNearest)}; }
  friend CHAINRULE_INLINE Vec min(Vec a, Vec b) { return {_mm_min_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec max(Vec a, Vec b) { return {_mm_max_pd(a.raw, b.raw)}; }

  friend CHAINRULE_INLINE Vec operator-(Vec a) { return {_mm_xor_pd(set(-0.0).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec abs(Vec a) { return {_mm_andnot_pd(set(-0.0).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec copy_sign(Vec magnitude, Vec sign) {
    return {_mm_or_pd(abs(magnitude).raw, _mm_and_pd(set(-0.0).raw, sign.raw))};
  }
  friend CHAINRULE_INLINE Vec exponent(Vec a) {
    // 2^52 with the biased exponent as its low bits: SSE cannot convert integers of 64 bits.
    const __m128i biased = _mm_srli_epi64(_mm_castpd_si128(a.raw), Format::kFractionBits);
    return Vec{_mm_or_pd(_mm_castsi128_pd(biased), set(0x1p52).raw)} - set(0x1p52 + Format::kBias);
  }
  friend CHAINRULE_INLINE Vec significand(Vec a) {
    return {_mm_or_pd(_mm_andnot_pd(set(-Format::kInfinity).raw, a.raw), set(1).raw)};
  }
  friend CHAINRULE_INLINE Vec low_bits_to_exponent(Vec a) {
    return {_mm_castsi128_pd(_mm_slli_epi64(_mm_castpd_si128(a.raw), Format::kFractionBits))};
  }
  friend CHAINRULE_INLINE Vec power_of_two(Vec n) {
    return low_bits_to_exponent(n + set(Format::kShifter + Format::kBias));
  }

  friend CHAINRULE_INLINE Mask operator<(Vec a, Vec b) { return {_mm_cmplt_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator<=(Vec a, Vec b) { return {_mm_cmple_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator>(Vec a, Vec b) { return b < a; }
  friend CHAINRULE_INLINE Mask operator>=(Vec a, Vec b) { return b <= a; }
  friend CHAINRULE_INLINE Mask operator==(Vec a, Vec b) { return {_mm_cmpeq_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask is_nan(Vec a) { return {_mm_cmpunord_pd(a.raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec select(Mask mask, Vec a, Vec b) {
    return {_mm_blendv_pd(b.raw, a.raw, mask.raw)};
  }

  friend CHAINRULE_INLINE double fold_sum(Vec a) {
    return _mm_cvtsd_f64(_mm_add_sd(a.raw, _mm_unpackhi_pd(a.raw, a.raw)));
  }
  friend CHAINRULE_INLINE double fold_max(Vec a) {
    return _mm_cvtsd_f64(_mm_max_sd(a.raw, _mm_unpackhi_pd(a.raw, a.raw)));
  }

  friend CHAINRULE_INLINE void transpose(Vec (&rows)[kWidth]) {
    const __m128d low = _mm_unpacklo_pd(rows[0].raw, rows[1].raw);
    rows[1].raw = _mm_unpackhi_pd(rows[0].raw, rows[1].raw);
    rows[0].raw = low;
  }
};

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
