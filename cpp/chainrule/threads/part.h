// How work is divided: into as many parts as threads, in an order that never changes.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>

namespace chainrule {

struct Range {
  std::int64_t begin = 0, end = 0;

  std::int64_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
};

// Part `index` of n items in `count` parts that follow one another, cut at multiples of `granule`. Sizes differ by
// one granule at most. The first parts are the larger ones: the caller of a team has index 0, and waits for the others.
inline Range part_of(std::int64_t n, std::int64_t granule, int index, int count) {
  const std::int64_t granules = n / granule + (n % granule != 0);
  const std::int64_t each = granules / count, larger = granules % count;
  const auto cut = [&](std::int64_t part) {
    const std::int64_t before = part * each + std::min(part, larger);
    // The last granule may be a piece of one; before * granule could exceed what an integer holds.
    return before == granules ? n : before * granule;
  };
  return {cut(index), cut(index + 1)};
}

}  // namespace chainrule
