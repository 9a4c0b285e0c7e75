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
    {"golden_narrow", 0x00000001, 0x00000001, 0x00000001, 0x00000001},
    {"golden_rows", 0x00000001, 0x00000001, 0x00000001, 0x00000001},
    {"golden_columns", 0xcb272b7b, 0x3bbd1d5d, 0x0ab8e70b, 0xef659097},
    {"golden_layerwise", 0xb439e9ce, 0xd1453807, 0xa35b2691, 0x077c34fc},
};

}  // namespace chainrule
