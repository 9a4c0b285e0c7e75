// The vectors that a stage trains, each as wide as the stage: a member declares them in kTrained, if it has any.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <iterator>
#include <type_traits>
#include <vector>

namespace chainrule {

struct TrainedVector {
  const char* name;
  double first_value;  // of each of its elements, before any training
};

template <class Stage, class = void>
struct TrainedBy {
  static constexpr bool kAny = false;
  static std::vector<TrainedVector> list() { return {}; }
};
template <class Stage>
struct TrainedBy<Stage, std::void_t<decltype(Stage::kTrained)>> {
  static constexpr bool kAny = true;
  static_assert(std::size(Stage::kTrained) <= 2,
                "Python shows parameters as a pair for each layer");
  static std::vector<TrainedVector> list() {
    return {std::begin(Stage::kTrained), std::end(Stage::kTrained)};
  }
};

}  // namespace chainrule
