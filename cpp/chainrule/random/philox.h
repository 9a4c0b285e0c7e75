// Philox4x32-10: a bijection of a 128-bit counter under a 64-bit key; every block of a stream on its own.
// Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11, section 4.3.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdint.h>

#include "chainrule/inline.h"

namespace chainrule {

struct PhiloxBlock {
  uint32_t words[4];
};

CHAINRULE_INLINE PhiloxBlock philox4x32_10(PhiloxBlock counter, uint64_t key) {
  uint32_t key0 = static_cast<uint32_t>(key), key1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint32_t* const words = counter.words;
    const uint64_t product0 = uint64_t{0xD2511F53} * words[0];
    const uint64_t product1 = uint64_t{0xCD9E8D57} * words[2];
    counter = {
        {static_cast<uint32_t>(product1 >> 32) ^ words[1] ^ key0, static_cast<uint32_t>(product1),
         static_cast<uint32_t>(product0 >> 32) ^ words[3] ^ key1, static_cast<uint32_t>(product0)}};
    key0 += 0x9E3779B9;  // the golden ratio
    key1 += 0xBB67AE85;  // sqrt(3) - 1
  }
  return counter;
}

}  // namespace chainrule
