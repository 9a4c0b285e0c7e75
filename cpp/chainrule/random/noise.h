// The random numbers of one step of a training: one for each stage, sample of the batch and neuron. They depend on nothing
// else, so neither threads nor tiles nor the plan have a part in them.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdint.h>

#include "chainrule/random/philox.h"
#include "chainrule/random/purpose.h"

namespace chainrule {

struct Noise {
  bool on = false;  // predictions have none
  uint64_t seed = 0;
  uint64_t step =
      0;  // the first is 0; its 32 low bits count: the numbers of a step come again 2^32 steps later

  static Noise of_step(uint64_t seed, int64_t step) {
    return {true, seed, static_cast<uint64_t>(step)};
  }
};

// Those of one sample in one stage, as whole numbers below 2^32.
class RowNoise {
 public:
  // Neurons whose numbers are made together.
  static constexpr int64_t kAtOnce = 64;

  CHAINRULE_INLINE RowNoise(const Noise& noise, int64_t stage, int64_t sample)
      : on_(noise.on),
        key_(noise.seed),
        counter_{{0, static_cast<uint32_t>(sample), static_cast<uint32_t>(noise.step),
                  static_cast<uint32_t>(kPurpose | stage << 8)}} {}

  CHAINRULE_INLINE bool on() const { return on_; }

  // numbers[k] for neuron first + k; first: a multiple of kAtOnce. Block i of the generator has those of neurons
  // first + i, + 16, + 32 and + 48, so that the loop runs on vectors.
  CHAINRULE_INLINE void make(int64_t first, uint32_t (&numbers)[kAtOnce]) const {
    constexpr int64_t kBlocks = kAtOnce / 4;
    for (int64_t i = 0; i < kBlocks; ++i) {
      PhiloxBlock counter = counter_;
      counter.words[0] = static_cast<uint32_t>(first / 4 + i);
      const PhiloxBlock block = philox4x32_10(counter, key_);
      for (int64_t word = 0; word < 4; ++word) numbers[kBlocks * word + i] = block.words[word];
    }
  }

 private:
  static constexpr int64_t kPurpose = static_cast<int64_t>(Purpose::kNoise);

  bool on_;
  uint64_t key_;
  PhiloxBlock counter_;
};

}  // namespace chainrule
