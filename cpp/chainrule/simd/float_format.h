// How floats and doubles are stored.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <math.h>  // as C: a target may not instantiate what std:: gives external linkage
#include <stdint.h>

#include "chainrule/inline.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// IEEE 754: a sign, the exponent plus kBias, and kFractionBits below the leading 1.
template <class T>
struct FloatFormat;

template <>
struct FloatFormat<float> {
  using Bits = uint32_t;
  static constexpr int kFractionBits = 23, kBias = 127;
  static constexpr float kSmallest = 0x1p-126f, kInfinity = HUGE_VALF, kNaN = NAN;
  // x + kShifter is a whole number, the nearest to x, and has it in its low bits.
  static constexpr float kShifter = 0x1.8p23f;
};

template <>
struct FloatFormat<double> {
  using Bits = uint64_t;
  static constexpr int kFractionBits = 52, kBias = 1023;
  static constexpr double kSmallest = 0x1p-1022, kInfinity = HUGE_VAL, kNaN = NAN;
  static constexpr double kShifter = 0x1.8p52;
};

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
