// The position of a training: all that the rest of it depends on beside the network, the optimizer, the samples and the
// options, so that it can go on later, in another process, with the same bits.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chainrule/spec.h"

namespace chainrule {

// Everything in it has a name, so that what is added later can be told from what was never there.
struct Position {
  static constexpr const char* kName = "position";

  // numbers:
  //   samples, batch_size, parameters: of the training that it belongs to;
  //   epoch: how many are whole; first: the sample of the next one, in its order, that the next batch begins with;
  //   steps: finished so far; cost_sum, weight_sum: of the epoch's cost so far; seconds: since the training began;
  //   norm_sum, norms (how many), epoch_seconds: of the epoch so far; epochs_begun, steps_made: of the network; best_value: of the epoch whose
  //   parameters are kept, if any are, with the sign with which less is better;
  //   stopped_by: the number of the condition or callback that has said stop, if one has.
  // words: seed, of the network.
  // parts: "stop" for each stop condition, in their order, with its spec, "condition", and its "memory"; then, within an epoch
  //   of a training that goes back where it diverges, "last_epoch", what LastEpoch has beside the arrays "last_epoch. ...".
  Spec state;
  // cost and all else that is recorded of epochs: the history so far; best: the parameters that are kept, if any are; restored: three
  // numbers for each time that it went back. float32 fits a double.
  std::vector<std::pair<std::string, std::vector<double>>> arrays{};

  // Nothing is written down.
  bool empty() const { return state.name.empty(); }
  // The array of this name; empty where there is none.
  const std::vector<double>& array(const std::string& name) const {
    static const std::vector<double> none;
    for (const auto& [key, values] : arrays) {
      if (key == name) return values;
    }
    return none;
  }
};

}  // namespace chainrule
