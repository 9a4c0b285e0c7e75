// The hyperparameters that a member of a family is made with: name, default, range and meaning. Checks, messages
// and documentation come from this declaration.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "chainrule/error.h"

namespace chainrule {

enum class Allowed {
  kFinite,
  kPositive,
  kAboveOne,
  kNotNegative,
  kFraction,
  kPositiveFraction,
  kCount,
  kFlag
};

// In words, as it stands in messages.
inline const char* text_of(Allowed allowed) {
  switch (allowed) {
    case Allowed::kFinite: return "a finite number";
    case Allowed::kPositive: return "a finite number > 0";
    case Allowed::kAboveOne: return "a finite number > 1";
    case Allowed::kNotNegative: return "a finite number >= 0";
    case Allowed::kFraction: return "a number in [0, 1)";
    case Allowed::kPositiveFraction: return "a number > 0 and < 1";
    case Allowed::kCount: return "a whole number >= 1";
    case Allowed::kFlag: return "0 or 1";
  }
  return "";
}

inline bool holds(Allowed allowed, double value) {
  if (!std::isfinite(value)) return false;
  switch (allowed) {
    case Allowed::kFinite: return true;
    case Allowed::kPositive: return value > 0;
    case Allowed::kAboveOne: return value > 1;
    case Allowed::kNotNegative: return value >= 0;
    case Allowed::kFraction: return value >= 0 && value < 1;
    case Allowed::kPositiveFraction: return value > 0 && value < 1;
    case Allowed::kCount: return value >= 1 && value == std::floor(value);
    case Allowed::kFlag: return value == 0 || value == 1;
  }
  return false;
}

constexpr double kRequired = std::numeric_limits<double>::quiet_NaN();

struct Parameter {
  const char* name;
  double standard;  // where nothing is said, or kRequired
  Allowed allowed;
  const char* meaning;
};

// "slope must be a finite number >= 0, got -1"
inline void require(bool holds, const std::string& name, const std::string& expected,
                    double value) {
  if (holds) return;
  throw std::invalid_argument(name + " must be " + expected + ", got " + text_of(value));
}

inline void require(const Parameter& parameter, double value) {
  require(holds(parameter.allowed, value), parameter.name, text_of(parameter.allowed), value);
}

}  // namespace chainrule
