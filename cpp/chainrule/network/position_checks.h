// Checks of what a position holds, in words that name it.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "chainrule/error.h"
#include "chainrule/network/position.h"
#include "chainrule/parameter.h"

namespace chainrule {

inline constexpr double kMostInDouble =
    9007199254740992;  // 2^53: each whole number up to it is a double

inline std::int64_t whole(const Spec& state, const char* key, double least, double most) {
  const double value = state.number(key);
  require(value >= least && value <= most && value == std::floor(value),
          std::string("the checkpoint's ") + key,
          "a whole number from " + text_of(least) + " to " + text_of(most), value);
  return static_cast<std::int64_t>(value);
}

inline double finite(const Spec& state, const char* key) {
  const double value = state.number(key);
  require(std::isfinite(value), std::string("the checkpoint's ") + key, "finite", value);
  return value;
}
inline double not_negative(const Spec& state, const char* key) {
  const double value = finite(state, key);
  require(value >= 0, std::string("the checkpoint's ") + key, ">= 0", value);
  return value;
}

inline void require_size(const Position& position, const std::string& name, std::size_t size) {
  const std::size_t own = position.array(name).size();
  if (own == size) return;
  if (own == 0 || size == 0) {
    throw std::invalid_argument(
        "this checkpoint is that of a training " + std::string(own > 0 ? "with" : "without") +
        " \"" + name + "\" in what it keeps; this one is " + (own > 0 ? "without" : "with"));
  }
  throw std::invalid_argument("the checkpoint's " + name + " has " + std::to_string(own) +
                              " elements, expected " + std::to_string(size));
}

// n elements, all of them finite as a T.
template <class T>
void require_array(const Position& position, const char* name, std::size_t size) {
  require_size(position, name, size);
  for (const double each : position.array(name)) {
    require(std::isfinite(static_cast<T>(each)), std::string("the checkpoint's ") + name, "finite",
            each);
  }
}

}  // namespace chainrule
