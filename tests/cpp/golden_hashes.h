// The CRC-32 of what four small trainings give with our own product, on every target with fused multiply-add and for
// any number of threads. tests/trainings.py makes the same trainings and reads its numbers here.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace chainrule {

struct GoldenHashes {
  const char* name;
  std::uint32_t parameters, gradient, costs, predictions;
};

inline constexpr GoldenHashes kGoldenHashes[] = {
    {"golden_one_sample", 0xd443192c, 0x280f55ac, 0x394c1f95, 0x1af4e800},
    {"golden_narrow", 0x34aaf6e6, 0x805fc650, 0x06501935, 0xd5d08f7f},
    {"golden_rows", 0xb5144fa1, 0x66c50b3c, 0xfc9eb32a, 0x8701f13a},
    {"golden_columns", 0x1706dc4a, 0x2e2002c1, 0x5cc16565, 0x4901c832},
    {"golden_layerwise", 0x0f75ae4f, 0xf51781da, 0xa5baa76a, 0x2fd8951d},
};

}  // namespace chainrule
