// Random numbers of one purpose: keyed by (seed, purpose, index), so that drawing more for one purpose never
// shifts the numbers of another, and nothing depends on threads or on what was drawn before.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/random/philox.h"
#include "chainrule/random/purpose.h"

namespace chainrule {

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint32_t index)
      : key_(seed), purpose_(static_cast<std::uint32_t>(purpose)), index_(index) {}

  std::uint32_t next_uint32() {
    if (word_ == 0) {
      block_ = philox4x32_10({{static_cast<std::uint32_t>(counter_),
                               static_cast<std::uint32_t>(counter_ >> 32), index_, purpose_}},
                             key_);
      ++counter_;
    }
    const std::uint32_t value = block_.words[word_];
    word_ = (word_ + 1) % 4;
    return value;
  }

  std::uint64_t next_uint64() {
    const std::uint64_t low = next_uint32();
    return low | std::uint64_t{next_uint32()} << 32;
  }

  // Uniform in [0, 1), a multiple of 2^-53. Float networks round the same numbers.
  double next_uniform() { return static_cast<double>(next_uint64() >> 11) * 0x1p-53; }

  // Uniform in (0, 1), symmetric about 1/2: for functions that have no value at 0 or 1.
  double next_open_uniform() { return (static_cast<double>(next_uint64() >> 12) + 0.5) * 0x1p-52; }

  // Uniform whole number in [0, bound), without bias: numbers of the incomplete last cycle are drawn again.
  std::uint64_t next_below(std::uint64_t bound) {
    if (bound <= UINT32_MAX) return next_below_32(static_cast<std::uint32_t>(bound));
    const std::uint64_t cycles_end = UINT64_MAX - UINT64_MAX % bound;
    std::uint64_t value = next_uint64();
    while (value >= cycles_end) value = next_uint64();
    return value % bound;
  }

 private:
  // The same for bounds of 32 bits: the high half of a product. The few draws that would give some
  // numbers once too often are made again.
  // Lemire: "Fast random integer generation in an interval", ACM TOMACS 29 (2019)
  std::uint32_t next_below_32(std::uint32_t bound) {
    std::uint64_t product = std::uint64_t{next_uint32()} * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t unfair = (0 - bound) % bound;
      while (static_cast<std::uint32_t>(product) < unfair) {
        product = std::uint64_t{next_uint32()} * bound;
      }
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

  std::uint64_t key_;
  std::uint32_t purpose_;
  std::uint32_t index_;
  std::uint64_t counter_ = 0;
  PhiloxBlock block_{};
  unsigned word_ = 0;  // of block_, that comes next
};

}  // namespace chainrule
