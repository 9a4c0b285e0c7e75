// Between which numbers the outputs of an activation lie: its member kOutputs, where there are such numbers.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

namespace chainrule {

struct OutputRange {
  double lowest = -std::numeric_limits<double>::infinity();
  double highest = std::numeric_limits<double>::infinity();
  bool reaches_lowest = true;

  constexpr bool is_positive() const { return lowest > 0 || (lowest == 0 && !reaches_lowest); }
  bool is_bounded() const { return std::isfinite(lowest) && std::isfinite(highest); }
};

template <class Activation, class = void>
constexpr OutputRange kOutputsOf{};
template <class Activation>
constexpr OutputRange kOutputsOf<Activation, std::void_t<decltype(Activation::kOutputs)>> =
    Activation::kOutputs;

}  // namespace chainrule
