// The width of a layer as it crosses into the core, checked.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "chainrule/error.h"

namespace chainrule {

inline std::int64_t layer_width(const char* layer, const char* name, double value) {
  constexpr double kLargest = 0x1p53;  // up to here a double holds every whole number
  if (!(value >= 1 && value <= kLargest) || value != std::floor(value)) {
    throw std::invalid_argument(std::string(layer) + ": " + name +
                                " must be a whole number >= 1, got " + text_of(value));
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace chainrule
