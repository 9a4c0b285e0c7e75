// Vectors of NEON on 64-bit ARM: 4 floats or 2 doubles. What each operation does stands in vec_scalar.h.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <arm_neon.h>

#include "chainrule/simd/float_format.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

template <class T>
struct Vec;

template <>
struct Vec<float> {
  using Number = float;
  using Format = FloatFormat<float>;
  static constexpr int kWidth = 4;
  static constexpr int kRegisters = 32;
  float32x4_t raw;

  struct Mask {
    uint32x4_t raw;

    friend CHAINRULE_INLINE Mask operator&(Mask a, Mask b) { return {vandq_u32(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE Mask operator|(Mask a, Mask b) { return {vorrq_u32(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE bool any(Mask a) { return vmaxvq_u32(a.raw) != 0; }
    friend CHAINRULE_INLINE bool all(Mask a) { return vminvq_u32(a.raw) != 0; }
  };
  static CHAINRULE_INLINE Mask first(int n) {
    constexpr int32_t kLanes[kWidth] = {0, 1, 2, 3};
    return {vcgtq_s32(vdupq_n_s32(n), vld1q_s32(kLanes))};
  }

  static CHAINRULE_INLINE Vec zero() { return set(0); }
  static CHAINRULE_INLINE Vec set(float x) { return {vdupq_n_f32(x)}; }
  static CHAINRULE_INLINE Vec load(const float* p) { return {vld1q_f32(p)}; }
  CHAINRULE_INLINE void store(float* p) const { vst1q_f32(p, raw); }
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

  friend CHAINRULE_INLINE Vec operator+(Vec a, Vec b) { return {vaddq_f32(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator-(Vec a, Vec b) { return {vsubq_f32(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator*(Vec a, Vec b) { return {vmulq_f32(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator/(Vec a, Vec b) { return {vdivq_f32(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec sqrt(Vec a) { return {vsqrtq_f32(a.raw)}; }
  friend CHAINRULE_INLINE Vec fma(Vec a, Vec b, Vec c) { return {vfmaq_f32(c.raw, a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec round(Vec a) { return {vrndnq_f32(a.raw)}; }
  // ARM's own minimum and maximum treat NaN and 0 in another way.
  friend CHAINRULE_INLINE Vec min(Vec a, Vec b) { return select(a < b, a, b); }
  friend CHAINRULE_INLINE Vec max(Vec a, Vec b) { return select(a > b, a, b); }

  friend CHAINRULE_INLINE Vec operator-(Vec a) { return {vnegq_f32(a.raw)}; }
  friend CHAINRULE_INLINE Vec abs(Vec a) { return {vabsq_f32(a.raw)}; }
  friend CHAINRULE_INLINE Vec copy_sign(Vec magnitude, Vec sign) {
    return {vbslq_f32(vdupq_n_u32(uint32_t{1} << 31), sign.raw, magnitude.raw)};
  }
  friend CHAINRULE_INLINE Vec exponent(Vec a) {
    const uint32x4_t biased = vshrq_n_u32(vreinterpretq_u32_f32(a.raw), Format::kFractionBits);
    return Vec{vcvtq_f32_u32(biased)} - set(Format::kBias);
  }
  friend CHAINRULE_INLINE Vec significand(Vec a) {
    constexpr uint32_t kFraction = (uint32_t{1} << Format::kFractionBits) - 1;
    return {vbslq_f32(vdupq_n_u32(kFraction), a.raw, set(1).raw)};
  }
  friend CHAINRULE_INLINE Vec low_bits_to_exponent(Vec a) {
    return {
        vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(a.raw), Format::kFractionBits))};
  }
  friend CHAINRULE_INLINE Vec power_of_two(Vec n) {
    return low_bits_to_exponent(n + set(Format::kShifter + Format::kBias));
  }

  friend CHAINRULE_INLINE Mask operator<(Vec a, Vec b) { return {vcltq_f32(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator<=(Vec a, Vec b) { return {vcleq_f32(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator>(Vec a, Vec b) { return {vcgtq_f32(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator>=(Vec a, Vec b) { return {vcgeq_f32(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator==(Vec a, Vec b) { return {vceqq_f32(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask is_nan(Vec a) { return {vmvnq_u32((a == a).raw)}; }
  friend CHAINRULE_INLINE Vec select(Mask mask, Vec a, Vec b) {
    return {vbslq_f32(mask.raw, a.raw, b.raw)};
  }

  friend CHAINRULE_INLINE float fold_sum(Vec a) {
    const float32x2_t by2 = vadd_f32(vget_low_f32(a.raw), vget_high_f32(a.raw));
    return vget_lane_f32(by2, 0) + vget_lane_f32(by2, 1);
  }
  friend CHAINRULE_INLINE float fold_max(Vec a) {
    const Vec by2 = max(a, Vec{vextq_f32(a.raw, a.raw, 2)});
    return vgetq_lane_f32(max(by2, Vec{vextq_f32(by2.raw, by2.raw, 1)}).raw, 0);
  }

  friend CHAINRULE_INLINE void transpose(Vec (&rows)[kWidth]) {
    const float64x2_t even01 = vreinterpretq_f64_f32(vtrn1q_f32(rows[0].raw, rows[1].raw));
    const float64x2_t odd01 = vreinterpretq_f64_f32(vtrn2q_f32(rows[0].raw, rows[1].raw));
    const float64x2_t even23 = vreinterpretq_f64_f32(vtrn1q_f32(rows[2].raw, rows[3].raw));
    const float64x2_t odd23 = vreinterpretq_f64_f32(vtrn2q_f32(rows[2].raw, rows[3].raw));
    rows[0].raw = vreinterpretq_f32_f64(vtrn1q_f64(even01, even23));
    rows[1].raw = vreinterpretq_f32_f64(vtrn1q_f64(odd01, odd23));
    rows[2].raw = vreinterpretq_f32_f64(vtrn2q_f64(even01, even23));
    rows[3].raw = vreinterpretq_f32_f64(vtrn2q_f64(odd01, odd23));
  }
};

template <>
struct Vec<double> {
  using Number = double;
  using Format = FloatFormat<double>;
  static constexpr int kWidth = 2;
  static constexpr int kRegisters = 32;
  float64x2_t raw;

  struct Mask {
    uint64x2_t raw;

    friend CHAINRULE_INLINE Mask operator&(Mask a, Mask b) { return {vandq_u64(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE Mask operator|(Mask a, Mask b) { return {vorrq_u64(a.raw, b.raw)}; }
    friend CHAINRULE_INLINE bool any(Mask a) {
      return vmaxvq_u32(vreinterpretq_u32_u64(a.raw)) != 0;
    }
    friend CHAINRULE_INLINE bool all(Mask a) {
      return vminvq_u32(vreinterpretq_u32_u64(a.raw)) != 0;
    }
  };
  static CHAINRULE_INLINE Mask first(int n) {
    constexpr int64_t kLanes[kWidth] = {0, 1};
    return {vcgtq_s64(vdupq_n_s64(n), vld1q_s64(kLanes))};
  }

  static CHAINRULE_INLINE Vec zero() { return set(0); }
  static CHAINRULE_INLINE Vec set(double x) { return {vdupq_n_f64(x)}; }
  static CHAINRULE_INLINE Vec load(const double* p) { return {vld1q_f64(p)}; }
  CHAINRULE_INLINE void store(double* p) const { vst1q_f64(p, raw); }
  static CHAINRULE_INLINE Vec load_first(const double* p, int n) {
    return n >= kWidth ? load(p) : n > 0 ? Vec{vsetq_lane_f64(*p, zero().raw, 0)} : zero();
  }
  CHAINRULE_INLINE void store_first(double* p, int n) const {
    if (n > 0) vst1q_lane_f64(p, raw, 0);
    if (n > 1) vst1q_lane_f64(p + 1, raw, 1);
  }

  friend CHAINRULE_INLINE Vec operator+(Vec a, Vec b) { return {vaddq_f64(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator-(Vec a, Vec b) { return {vsubq_f64(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator*(Vec a, Vec b) { return {vmulq_f64(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec operator/(Vec a, Vec b) { return {vdivq_f64(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec sqrt(Vec a) { return {vsqrtq_f64(a.raw)}; }
  friend CHAINRULE_INLINE Vec fma(Vec a, Vec b, Vec c) { return {vfmaq_f64(c.raw, a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Vec round(Vec a) { return {vrndnq_f64(a.raw)}; }
  friend CHAINRULE_INLINE Vec min(Vec a, Vec b) { return select(a < b, a, b); }
  friend CHAINRULE_INLINE Vec max(Vec a, Vec b) { return select(a > b, a, b); }

  friend CHAINRULE_INLINE Vec operator-(Vec a) { return {vnegq_f64(a.raw)}; }
  friend CHAINRULE_INLINE Vec abs(Vec a) { return {vabsq_f64(a.raw)}; }
  friend CHAINRULE_INLINE Vec copy_sign(Vec magnitude, Vec sign) {
    return {vbslq_f64(vdupq_n_u64(uint64_t{1} << 63), sign.raw, magnitude.raw)};
  }
  friend CHAINRULE_INLINE Vec exponent(Vec a) {
    const uint64x2_t biased = vshrq_n_u64(vreinterpretq_u64_f64(a.raw), Format::kFractionBits);
    return Vec{vcvtq_f64_u64(biased)} - set(Format::kBias);
  }
  friend CHAINRULE_INLINE Vec significand(Vec a) {
    constexpr uint64_t kFraction = (uint64_t{1} << Format::kFractionBits) - 1;
    return {vbslq_f64(vdupq_n_u64(kFraction), a.raw, set(1).raw)};
  }
  friend CHAINRULE_INLINE Vec low_bits_to_exponent(Vec a) {
    return {
        vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(a.raw), Format::kFractionBits))};
  }
  friend CHAINRULE_INLINE Vec power_of_two(Vec n) {
    return low_bits_to_exponent(n + set(Format::kShifter + Format::kBias));
  }

  friend CHAINRULE_INLINE Mask operator<(Vec a, Vec b) { return {vcltq_f64(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator<=(Vec a, Vec b) { return {vcleq_f64(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator>(Vec a, Vec b) { return {vcgtq_f64(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator>=(Vec a, Vec b) { return {vcgeq_f64(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask operator==(Vec a, Vec b) { return {vceqq_f64(a.raw, b.raw)}; }
  friend CHAINRULE_INLINE Mask is_nan(Vec a) {
    return {vreinterpretq_u64_u32(vmvnq_u32(vreinterpretq_u32_u64((a == a).raw)))};
  }
  friend CHAINRULE_INLINE Vec select(Mask mask, Vec a, Vec b) {
    return {vbslq_f64(mask.raw, a.raw, b.raw)};
  }

  friend CHAINRULE_INLINE double fold_sum(Vec a) {
    return vgetq_lane_f64(a.raw, 0) + vgetq_lane_f64(a.raw, 1);
  }
  friend CHAINRULE_INLINE double fold_max(Vec a) {
    return vgetq_lane_f64(max(a, Vec{vextq_f64(a.raw, a.raw, 1)}).raw, 0);
  }

  friend CHAINRULE_INLINE void transpose(Vec (&rows)[kWidth]) {
    const float64x2_t low = vtrn1q_f64(rows[0].raw, rows[1].raw);
    rows[1].raw = vtrn2q_f64(rows[0].raw, rows[1].raw);
    rows[0].raw = low;
  }
};

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
