// The indices begin, begin + 1, ..., end - 1: rows of a batch, panels of a matrix, and whatever else is divided.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace chainrule {

struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  std::int64_t size() const { return end - begin; }
};

// Part `index` of `count` parts of nearly one size.
inline Range part_of(Range all, std::int64_t index, std::int64_t count) {
  return {all.begin + all.size() * index / count, all.begin + all.size() * (index + 1) / count};
}

}  // namespace chainrule
