// Vectors of AVX-512 (F, BW, DQ, VL): 16 floats or 8 doubles. What each operation does stands in vec_scalar.h.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <immintrin.h>

#include "chainrule/simd/float_format.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// Each bit: first ? second : third
constexpr int kFirstPicks = 0xCA;
constexpr int kToNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

template <class T>
struct Vec;

template <>
struct Vec<float> {
  using Number = float;
  using Format = FloatFormat<float>;
  static constexpr int kWidth = 16;
  static constexpr int kRegisters = 32;
  __m512 raw;

  struct Mask {
    __mmask16 raw;

    friend CHAINRULE_INLINE Mask operator&(Mask a, Mask b) { return {_kand_mask16(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE Mask operator|(Mask a, Mask b) { return {_kor_mask16(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE bool any(Mask a) { return a.raw != 0; }
    friend CHAINRULE_INLINE bool all(Mask a) { return a.raw == 0xFFFF; }
  };
  static CHAINRULE_INLINE Mask first(int n) { return {static_cast<__mmask16>((1u << n) - 1)}; }

  static CHAINRULE_INLINE Vec zero() { return {_mm512_setzero_ps()}; }
  static CHAINRULE_INLINE Vec set(float x) { return {_mm512_set1_ps(x)}; }
  static CHAINRULE_INLINE Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
  CHAINRULE_INLINE void store(float* p) const { _mm512_storeu_ps(p, raw); }
  static CHAINRULE_INLINE Vec load_first(const float* p, int n) {
    return {_mm512_maskz_loadu_ps(first(n).raw, p)};
  }
  CHAINRULE_INLINE void store_first(float* p, int n) const {
    _mm512_mask_storeu_ps(p, first(n).raw, raw);
  }

  friend CHAINRULE_INLINE Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator/(Vec a, Vec b) { return {_mm512_div_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec sqrt(Vec a) { return {_mm512_sqrt_ps(a.raw)}; }
  friend CHAINRULE_INLINE Vec fma(Vec a, Vec b, Vec c) {
    return {_mm512_fmadd_ps(a.raw, b.raw, c.raw)};
  }
  friend CHAINRULE_INLINE Vec round(Vec a) { return {_mm512_roundscale_ps(a.raw, kToNearest)}; }
  friend CHAINRULE_INLINE Vec min(Vec a, Vec b) { return {_mm512_min_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec max(Vec a, Vec b) { return {_mm512_max_ps(a.raw, b.raw)}; }

  friend CHAINRULE_INLINE Vec operator-(Vec a) { return {_mm512_xor_ps(set(-0.0f).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec abs(Vec a) { return {_mm512_andnot_ps(set(-0.0f).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec copy_sign(Vec magnitude, Vec sign) {
    return {_mm512_castsi512_ps(_mm512_ternarylogic_epi32(
        _mm512_castps_si512(set(-0.0f).raw), _mm512_castps_si512(sign.raw),
        _mm512_castps_si512(magnitude.raw), kFirstPicks))};
  }
  friend CHAINRULE_INLINE Vec exponent(Vec a) { return {_mm512_getexp_ps(a.raw)}; }
  friend CHAINRULE_INLINE Vec significand(Vec a) {
    return {_mm512_getmant_ps(a.raw, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src)};
  }
  friend CHAINRULE_INLINE Vec low_bits_to_exponent(Vec a) {
    return {
        _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(a.raw), Format::kFractionBits))};
  }
  friend CHAINRULE_INLINE Vec power_of_two(Vec n) {
    return low_bits_to_exponent(n + set(Format::kShifter + Format::kBias));
  }

  friend CHAINRULE_INLINE Mask operator<(Vec a, Vec b) {
    return {_mm512_cmp_ps_mask(a.raw, b.raw, _CMP_LT_OQ)};
  }
  friend CHAINRULE_INLINE Mask operator<=(Vec a, Vec b) {
    return {_mm512_cmp_ps_mask(a.raw, b.raw, _CMP_LE_OQ)};
  }
  friend CHAINRULE_INLINE Mask operator>(Vec a, Vec b) { return b < a; }
  friend CHAINRULE_INLINE Mask operator>=(Vec a, Vec b) { return b <= a; }
  friend CHAINRULE_INLINE Mask operator==(Vec a, Vec b) {
    return {_mm512_cmp_ps_mask(a.raw, b.raw, _CMP_EQ_OQ)};
  }
  friend CHAINRULE_INLINE Mask is_nan(Vec a) {
    return {_mm512_cmp_ps_mask(a.raw, a.raw, _CMP_UNORD_Q)};
  }
  friend CHAINRULE_INLINE Vec select(Mask mask, Vec a, Vec b) {
    return {_mm512_mask_blend_ps(mask.raw, b.raw, a.raw)};
  }

  friend CHAINRULE_INLINE float fold_sum(Vec a) {
    const __m256 by8 =
        _mm256_add_ps(_mm512_castps512_ps256(a.raw), _mm512_extractf32x8_ps(a.raw, 1));
    const __m128 by4 = _mm_add_ps(_mm256_castps256_ps128(by8), _mm256_extractf128_ps(by8, 1));
    const __m128 by2 = _mm_add_ps(by4, _mm_movehl_ps(by4, by4));
    return _mm_cvtss_f32(_mm_add_ss(by2, _mm_movehdup_ps(by2)));
  }
  friend CHAINRULE_INLINE float fold_max(Vec a) {
    const __m256 by8 =
        _mm256_max_ps(_mm512_castps512_ps256(a.raw), _mm512_extractf32x8_ps(a.raw, 1));
    const __m128 by4 = _mm_max_ps(_mm256_castps256_ps128(by8), _mm256_extractf128_ps(by8, 1));
    const __m128 by2 = _mm_max_ps(by4, _mm_movehl_ps(by4, by4));
    return _mm_cvtss_f32(_mm_max_ss(by2, _mm_movehdup_ps(by2)));
  }

  friend CHAINRULE_INLINE void transpose(Vec (&rows)[kWidth]) {
    __m512 quads[kWidth];  // 4 g + c: of rows 4 g to 4 g + 3, columns c, 4 + c, 8 + c, 12 + c
    for (int i = 0; i < kWidth; i += 4) {
      const __m512d low01 = _mm512_castps_pd(_mm512_unpacklo_ps(rows[i].raw, rows[i + 1].raw));
      const __m512d high01 = _mm512_castps_pd(_mm512_unpackhi_ps(rows[i].raw, rows[i + 1].raw));
      const __m512d low23 = _mm512_castps_pd(_mm512_unpacklo_ps(rows[i + 2].raw, rows[i + 3].raw));
      const __m512d high23 = _mm512_castps_pd(_mm512_unpackhi_ps(rows[i + 2].raw, rows[i + 3].raw));
      quads[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(low01, low23));
      quads[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low01, low23));
      quads[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(high01, high23));
      quads[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(high01, high23));
    }
    for (int c = 0; c < 4; ++c) {
      const __m512 low01 = _mm512_shuffle_f32x4(quads[c], quads[4 + c], 0x44);
      const __m512 high01 = _mm512_shuffle_f32x4(quads[c], quads[4 + c], 0xEE);
      const __m512 low23 = _mm512_shuffle_f32x4(quads[8 + c], quads[12 + c], 0x44);
      const __m512 high23 = _mm512_shuffle_f32x4(quads[8 + c], quads[12 + c], 0xEE);
      rows[c].raw = _mm512_shuffle_f32x4(low01, low23, 0x88);
      rows[4 + c].raw = _mm512_shuffle_f32x4(low01, low23, 0xDD);
      rows[8 + c].raw = _mm512_shuffle_f32x4(high01, high23, 0x88);
      rows[12 + c].raw = _mm512_shuffle_f32x4(high01, high23, 0xDD);
    }
  }
};

template <>
struct Vec<double> {
  using Number = double;
  using Format = FloatFormat<double>;
  static constexpr int kWidth = 8;
  static constexpr int kRegisters = 32;
  __m512d raw;

  struct Mask {
    __mmask8 raw;

    friend CHAINRULE_INLINE Mask operator&(Mask a, Mask b) { return {_kand_mask8(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE Mask operator|(Mask a, Mask b) { return {_kor_mask8(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE bool any(Mask a) { return a.raw != 0; }
    friend CHAINRULE_INLINE bool all(Mask a) { return a.raw == 0xFF; }
  };
  static CHAINRULE_INLINE Mask first(int n) { return {static_cast<__mmask8>((1u << n) - 1)}; }

  static CHAINRULE_INLINE Vec zero() { return {_mm512_setzero_pd()}; }
  static CHAINRULE_INLINE Vec set(double x) { return {_mm512_set1_pd(x)}; }
  static CHAINRULE_INLINE Vec load(const double* p) { return {_mm512_loadu_pd(p)}; }
  CHAINRULE_INLINE void store(double* p) const { _mm512_storeu_pd(p, raw); }
  static CHAINRULE_INLINE Vec load_first(const double* p, int n) {
    return {_mm512_maskz_loadu_pd(first(n).raw, p)};
  }
  CHAINRULE_INLINE void store_first(double* p, int n) const {
    _mm512_mask_storeu_pd(p, first(n).raw, raw);
  }

  friend CHAINRULE_INLINE Vec operator+(Vec a, Vec b) { return {_mm512_add_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator-(Vec a, Vec b) { return {_mm512_sub_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator*(Vec a, Vec b) { return {_mm512_mul_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator/(Vec a, Vec b) { return {_mm512_div_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec sqrt(Vec a) { return {_mm512_sqrt_pd(a.raw)}; }
  friend CHAINRULE_INLINE Vec fma(Vec a, Vec b, Vec c) {
    return {_mm512_fmadd_pd(a.raw, b.raw, c.raw)};
  }
  friend CHAINRULE_INLINE Vec round(Vec a) { return {_mm512_roundscale_pd(a.raw, kToNearest)}; }
  friend CHAINRULE_INLINE Vec min(Vec a, Vec b) { return {_mm512_min_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec max(Vec a, Vec b) { return {_mm512_max_pd(a.raw, b.raw)}; }

  friend CHAINRULE_INLINE Vec operator-(Vec a) { return {_mm512_xor_pd(set(-0.0).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec abs(Vec a) { return {_mm512_andnot_pd(set(-0.0).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec copy_sign(Vec magnitude, Vec sign) {
    return {_mm512_castsi512_pd(
        _mm512_ternarylogic_epi64(_mm512_castpd_si512(set(-0.0).raw), _mm512_castpd_si512(sign.raw),
                                  _mm512_castpd_si512(magnitude.raw), kFirstPicks))};
  }
  friend CHAINRULE_INLINE Vec exponent(Vec a) { return {_mm512_getexp_pd(a.raw)}; }
  friend CHAINRULE_INLINE Vec significand(Vec a) {
    return {_mm512_getmant_pd(a.raw, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src)};
  }
  friend CHAINRULE_INLINE Vec low_bits_to_exponent(Vec a) {
    return {
        _mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(a.raw), Format::kFractionBits))};
  }
  friend CHAINRULE_INLINE Vec power_of_two(Vec n) {
    return low_bits_to_exponent(n + set(Format::kShifter + Format::kBias));
  }

  friend CHAINRULE_INLINE Mask operator<(Vec a, Vec b) {
    return {_mm512_cmp_pd_mask(a.raw, b.raw, _CMP_LT_OQ)};
  }
  friend CHAINRULE_INLINE Mask operator<=(Vec a, Vec b) {
    return {_mm512_cmp_pd_mask(a.raw, b.raw, _CMP_LE_OQ)};
  }
  friend CHAINRULE_INLINE Mask operator>(Vec a, Vec b) { return b < a; }
  friend CHAINRULE_INLINE Mask operator>=(Vec a, Vec b) { return b <= a; }
  friend CHAINRULE_INLINE Mask operator==(Vec a, Vec b) {
    return {_mm512_cmp_pd_mask(a.raw, b.raw, _CMP_EQ_OQ)};
  }
  friend CHAINRULE_INLINE Mask is_nan(Vec a) {
    return {_mm512_cmp_pd_mask(a.raw, a.raw, _CMP_UNORD_Q)};
  }
  friend CHAINRULE_INLINE Vec select(Mask mask, Vec a, Vec b) {
    return {_mm512_mask_blend_pd(mask.raw, b.raw, a.raw)};
  }

  friend CHAINRULE_INLINE double fold_sum(Vec a) {
    const __m256d by4 =
        _mm256_add_pd(_mm512_castpd512_pd256(a.raw), _mm512_extractf64x4_pd(a.raw, 1));
    const __m128d by2 = _mm_add_pd(_mm256_castpd256_pd128(by4), _mm256_extractf128_pd(by4, 1));
    return _mm_cvtsd_f64(_mm_add_sd(by2, _mm_unpackhi_pd(by2, by2)));
  }
  friend CHAINRULE_INLINE double fold_max(Vec a) {
    const __m256d by4 =
        _mm256_max_pd(_mm512_castpd512_pd256(a.raw), _mm512_extractf64x4_pd(a.raw, 1));
    const __m128d by2 = _mm_max_pd(_mm256_castpd256_pd128(by4), _mm256_extractf128_pd(by4, 1));
    return _mm_cvtsd_f64(_mm_max_sd(by2, _mm_unpackhi_pd(by2, by2)));
  }

  friend CHAINRULE_INLINE void transpose(Vec (&rows)[kWidth]) {
    __m512d pairs[kWidth];  // 2 g + c: of rows 2 g and 2 g + 1, columns c, 2 + c, 4 + c, 6 + c
    for (int i = 0; i < kWidth; i += 2) {
      pairs[i] = _mm512_unpacklo_pd(rows[i].raw, rows[i + 1].raw);
      pairs[i + 1] = _mm512_unpackhi_pd(rows[i].raw, rows[i + 1].raw);
    }
    for (int c = 0; c < 2; ++c) {
      const __m512d low01 = _mm512_shuffle_f64x2(pairs[c], pairs[2 + c], 0x44);
      const __m512d high01 = _mm512_shuffle_f64x2(pairs[c], pairs[2 + c], 0xEE);
      const __m512d low23 = _mm512_shuffle_f64x2(pairs[4 + c], pairs[6 + c], 0x44);
      const __m512d high23 = _mm512_shuffle_f64x2(pairs[4 + c], pairs[6 + c], 0xEE);
      rows[c].raw = _mm512_shuffle_f64x2(low01, low23, 0x88);
      rows[2 + c].raw = _mm512_shuffle_f64x2(low01, low23, 0xDD);
      rows[4 + c].raw = _mm512_shuffle_f64x2(high01, high23, 0x88);
      rows[6 + c].raw = _mm512_shuffle_f64x2(high01, high23, 0xDD);
    }
  }
};

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
