// Vectors of AVX2 with FMA: 8 floats or 4 doubles. What each operation does stands in vec_scalar.h.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <immintrin.h>

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
  static constexpr int kWidth = 8;
  static constexpr int kRegisters = 16;
  __m256 raw;

  struct Mask {
    __m256 raw;

    friend CHAINRULE_INLINE Mask operator&(Mask a, Mask b) { return {_mm256_and_ps(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE Mask operator|(Mask a, Mask b) { return {_mm256_or_ps(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE bool any(Mask a) { return _mm256_movemask_ps(a.raw) != 0; }
    friend CHAINRULE_INLINE bool all(Mask a) { return _mm256_movemask_ps(a.raw) == 0xFF; }
  };
  static CHAINRULE_INLINE __m256i first_bits(int n) {
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lanes);
  }
  static CHAINRULE_INLINE Mask first(int n) { return {_mm256_castsi256_ps(first_bits(n))}; }

  static CHAINRULE_INLINE Vec zero() { return {_mm256_setzero_ps()}; }
  static CHAINRULE_INLINE Vec set(float x) { return {_mm256_set1_ps(x)}; }
  static CHAINRULE_INLINE Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
  CHAINRULE_INLINE void store(float* p) const { _mm256_storeu_ps(p, raw); }
  static CHAINRULE_INLINE Vec load_first(const float* p, int n) {
    return {_mm256_maskload_ps(p, first_bits(n))};
  }
  CHAINRULE_INLINE void store_first(float* p, int n) const {
    _mm256_maskstore_ps(p, first_bits(n), raw);
  }

  friend CHAINRULE_INLINE Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator/(Vec a, Vec b) { return {_mm256_div_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec sqrt(Vec a) { return {_mm256_sqrt_ps(a.raw)}; }
  friend CHAINRULE_INLINE Vec fma(Vec a, Vec b, Vec c) {
    return {_mm256_fmadd_ps(a.raw, b.raw, c.raw)};
  }
  friend CHAINRULE_INLINE Vec round(Vec a) { return {_mm256_round_ps(a.raw, kToNearest)}; }
  friend CHAINRULE_INLINE Vec min(Vec a, Vec b) { return {_mm256_min_ps(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec max(Vec a, Vec b) { return {_mm256_max_ps(a.raw, b.raw)}; }

  friend CHAINRULE_INLINE Vec operator-(Vec a) { return {_mm256_xor_ps(set(-0.0f).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec abs(Vec a) { return {_mm256_andnot_ps(set(-0.0f).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec copy_sign(Vec magnitude, Vec sign) {
    return {_mm256_or_ps(abs(magnitude).raw, _mm256_and_ps(set(-0.0f).raw, sign.raw))};
  }
  friend CHAINRULE_INLINE Vec exponent(Vec a) {
    const __m256i biased = _mm256_srli_epi32(_mm256_castps_si256(a.raw), Format::kFractionBits);
    return Vec{_mm256_cvtepi32_ps(biased)} - set(Format::kBias);
  }
  friend CHAINRULE_INLINE Vec significand(Vec a) {
    const __m256 fraction_bits = _mm256_andnot_ps(set(-Format::kInfinity).raw, a.raw);
    return {_mm256_or_ps(fraction_bits, set(1).raw)};
  }
  friend CHAINRULE_INLINE Vec low_bits_to_exponent(Vec a) {
    return {
        _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(a.raw), Format::kFractionBits))};
  }
  friend CHAINRULE_INLINE Vec power_of_two(Vec n) {
    return low_bits_to_exponent(n + set(Format::kShifter + Format::kBias));
  }

  friend CHAINRULE_INLINE Mask operator<(Vec a, Vec b) {
    return {_mm256_cmp_ps(a.raw, b.raw, _CMP_LT_OQ)};
  }
  friend CHAINRULE_INLINE Mask operator<=(Vec a, Vec b) {
    return {_mm256_cmp_ps(a.raw, b.raw, _CMP_LE_OQ)};
  }
  friend CHAINRULE_INLINE Mask operator>(Vec a, Vec b) { return b < a; }
  friend CHAINRULE_INLINE Mask operator>=(Vec a, Vec b) { return b <= a; }
  friend CHAINRULE_INLINE Mask operator==(Vec a, Vec b) {
    return {_mm256_cmp_ps(a.raw, b.raw, _CMP_EQ_OQ)};
  }
  friend CHAINRULE_INLINE Mask is_nan(Vec a) { return {_mm256_cmp_ps(a.raw, a.raw, _CMP_UNORD_Q)}; }
  friend CHAINRULE_INLINE Vec select(Mask mask, Vec a, Vec b) {
    return {_mm256_blendv_ps(b.raw, a.raw, mask.raw)};
  }

  friend CHAINRULE_INLINE float fold_sum(Vec a) {
    const __m128 by4 = _mm_add_ps(_mm256_castps256_ps128(a.raw), _mm256_extractf128_ps(a.raw, 1));
    const __m128 by2 = _mm_add_ps(by4, _mm_movehl_ps(by4, by4));
    return _mm_cvtss_f32(_mm_add_ss(by2, _mm_movehdup_ps(by2)));
  }
  friend CHAINRULE_INLINE float fold_max(Vec a) {
    const __m128 by4 = _mm_max_ps(_mm256_castps256_ps128(a.raw), _mm256_extractf128_ps(a.raw, 1));
    const __m128 by2 = _mm_max_ps(by4, _mm_movehl_ps(by4, by4));
    return _mm_cvtss_f32(_mm_max_ss(by2, _mm_movehdup_ps(by2)));
  }

  friend CHAINRULE_INLINE void transpose(Vec (&rows)[kWidth]) {
    __m256 quads[kWidth];  // 4 g + c: of rows 4 g to 4 g + 3, columns c and 4 + c
    for (int i = 0; i < kWidth; i += 4) {
      const __m256d low01 = _mm256_castps_pd(_mm256_unpacklo_ps(rows[i].raw, rows[i + 1].raw));
      const __m256d high01 = _mm256_castps_pd(_mm256_unpackhi_ps(rows[i].raw, rows[i + 1].raw));
      const __m256d low23 = _mm256_castps_pd(_mm256_unpacklo_ps(rows[i + 2].raw, rows[i + 3].raw));
      const __m256d high23 = _mm256_castps_pd(_mm256_unpackhi_ps(rows[i + 2].raw, rows[i + 3].raw));
      quads[i] = _mm256_castpd_ps(_mm256_unpacklo_pd(low01, low23));
      quads[i + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low01, low23));
      quads[i + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(high01, high23));
      quads[i + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(high01, high23));
    }
    for (int c = 0; c < 4; ++c) {
      rows[c].raw = _mm256_permute2f128_ps(quads[c], quads[4 + c], 0x20);
      rows[4 + c].raw = _mm256_permute2f128_ps(quads[c], quads[4 + c], 0x31);
    }
  }
};

template <>
struct Vec<double> {
  using Number = double;
  using Format = FloatFormat<double>;
  static constexpr int kWidth = 4;
  static constexpr int kRegisters = 16;
  __m256d raw;

  struct Mask {
    __m256d raw;

    friend CHAINRULE_INLINE Mask operator&(Mask a, Mask b) { return {_mm256_and_pd(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE Mask operator|(Mask a, Mask b) { return {_mm256_or_pd(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE bool any(Mask a) { return _mm256_movemask_pd(a.raw) != 0; }
    friend CHAINRULE_INLINE bool all(Mask a) { return _mm256_movemask_pd(a.raw) == 0xF; }
  };
  static CHAINRULE_INLINE __m256i first_bits(int n) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
  }
  static CHAINRULE_INLINE Mask first(int n) { return {_mm256_castsi256_pd(first_bits(n))}; }

  static CHAINRULE_INLINE Vec zero() { return {_mm256_setzero_pd()}; }
  static CHAINRULE_INLINE Vec set(double x) { return {_mm256_set1_pd(x)}; }
  static CHAINRULE_INLINE Vec load(const double* p) { return {_mm256_loadu_pd(p)}; }
  CHAINRULE_INLINE void store(double* p) const { _mm256_storeu_pd(p, raw); }
  static CHAINRULE_INLINE Vec load_first(const double* p, int n) {
    return {_mm256_maskload_pd(p, first_bits(n))};
  }
  CHAINRULE_INLINE void store_first(double* p, int n) const {
    _mm256_maskstore_pd(p, first_bits(n), raw);
  }

  friend CHAINRULE_INLINE Vec operator+(Vec a, Vec b) { return {_mm256_add_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator-(Vec a, Vec b) { return {_mm256_sub_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator*(Vec a, Vec b) { return {_mm256_mul_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator/(Vec a, Vec b) { return {_mm256_div_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec sqrt(Vec a) { return {_mm256_sqrt_pd(a.raw)}; }
  friend CHAINRULE_INLINE Vec fma(Vec a, Vec b, Vec c) {
    return {_mm256_fmadd_pd(a.raw, b.raw, c.raw)};
  }
  friend CHAINRULE_INLINE Vec round(Vec a) { return {_mm256_round_pd(a.raw, kToNearest)}; }
  friend CHAINRULE_INLINE Vec min(Vec a, Vec b) { return {_mm256_min_pd(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec max(Vec a, Vec b) { return {_mm256_max_pd(a.raw, b.raw)}; }

  friend CHAINRULE_INLINE Vec operator-(Vec a) { return {_mm256_xor_pd(set(-0.0).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec abs(Vec a) { return {_mm256_andnot_pd(set(-0.0).raw, a.raw)}; }
  friend CHAINRULE_INLINE Vec copy_sign(Vec magnitude, Vec sign) {
    return {_mm256_or_pd(abs(magnitude).raw, _mm256_and_pd(set(-0.0).raw, sign.raw))};
  }
  friend CHAINRULE_INLINE Vec exponent(Vec a) {
    // 2^52 with the biased exponent as its low bits: AVX2 cannot convert integers of 64 bits.
    const __m256i biased = _mm256_srli_epi64(_mm256_castpd_si256(a.raw), Format::kFractionBits);
    return Vec{_mm256_or_pd(_mm256_castsi256_pd(biased), set(0x1p52).raw)} -
           set(0x1p52 + Format::kBias);
  }
  friend CHAINRULE_INLINE Vec significand(Vec a) {
    const __m256d fraction_bits = _mm256_andnot_pd(set(-Format::kInfinity).raw, a.raw);
    return {_mm256_or_pd(fraction_bits, set(1).raw)};
  }
  friend CHAINRULE_INLINE Vec low_bits_to_exponent(Vec a) {
    return {
        _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(a.raw), Format::kFractionBits))};
  }
  friend CHAINRULE_INLINE Vec power_of_two(Vec n) {
    return low_bits_to_exponent(n + set(Format::kShifter + Format::kBias));
  }

  friend CHAINRULE_INLINE Mask operator<(Vec a, Vec b) {
    return {_mm256_cmp_pd(a.raw, b.raw, _CMP_LT_OQ)};
  }
  friend CHAINRULE_INLINE Mask operator<=(Vec a, Vec b) {
    return {_mm256_cmp_pd(a.raw, b.raw, _CMP_LE_OQ)};
  }
  friend CHAINRULE_INLINE Mask operator>(Vec a, Vec b) { return b < a; }
  friend CHAINRULE_INLINE Mask operator>=(Vec a, Vec b) { return b <= a; }
  friend CHAINRULE_INLINE Mask operator==(Vec a, Vec b) {
    return {_mm256_cmp_pd(a.raw, b.raw, _CMP_EQ_OQ)};
  }
  friend CHAINRULE_INLINE Mask is_nan(Vec a) { return {_mm256_cmp_pd(a.raw, a.raw, _CMP_UNORD_Q)}; }
  friend CHAINRULE_INLINE Vec select(Mask mask, Vec a, Vec b) {
    return {_mm256_blendv_pd(b.raw, a.raw, mask.raw)};
  }

  friend CHAINRULE_INLINE double fold_sum(Vec a) {
    const __m128d by2 = _mm_add_pd(_mm256_castpd256_pd128(a.raw), _mm256_extractf128_pd(a.raw, 1));
    return _mm_cvtsd_f64(_mm_add_sd(by2, _mm_unpackhi_pd(by2, by2)));
  }
  friend CHAINRULE_INLINE double fold_max(Vec a) {
    const __m128d by2 = _mm_max_pd(_mm256_castpd256_pd128(a.raw), _mm256_extractf128_pd(a.raw, 1));
    return _mm_cvtsd_f64(_mm_max_sd(by2, _mm_unpackhi_pd(by2, by2)));
  }

  friend CHAINRULE_INLINE void transpose(Vec (&rows)[kWidth]) {
    const __m256d low01 = _mm256_unpacklo_pd(rows[0].raw, rows[1].raw);
    const __m256d high01 = _mm256_unpackhi_pd(rows[0].raw, rows[1].raw);
    const __m256d low23 = _mm256_unpacklo_pd(rows[2].raw, rows[3].raw);
    const __m256d high23 = _mm256_unpackhi_pd(rows[2].raw, rows[3].raw);
    rows[0].raw = _mm256_permute2f128_pd(low01, low23, 0x20);
    rows[1].raw = _mm256_permute2f128_pd(high01, high23, 0x20);
    rows[2].raw = _mm256_permute2f128_pd(low01, low23, 0x31);
    rows[3].raw = _mm256_permute2f128_pd(high01, high23, 0x31);
  }
};

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
