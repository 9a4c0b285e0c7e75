// Training options, out of the spec of a layer.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/layers/training_options.h"

#include <algorithm>

#include "chainrule/parameter.h"

namespace chainrule {

TrainingOptions TrainingOptions::take_from(Spec& spec, const std::string& prefix,
                                           bool has_weights) {
  const auto take = [&](const Parameter& parameter) {
    const auto is_it = [&](const auto& entry) { return entry.first == parameter.name; };
    const auto found = std::find_if(spec.numbers.begin(), spec.numbers.end(), is_it);
    if (found == spec.numbers.end()) return parameter.standard;
    const double value = found->second;
    with_prefix(prefix, [&] { require(parameter, value); });
    spec.numbers.erase(found);
    return value;
  };
  TrainingOptions options;
  options.trained = take({"trainable", 1, Allowed::kFlag, "whether parameters may change"}) != 0;
  options.rate = take({"learning_rate_factor", 1, Allowed::kNotNegative, "times the rate"});
  if (!has_weights) return options;
  options.l1 = take({"l1", 0, Allowed::kNotNegative, "of sum |w| in the cost"});
  options.l2 = take({"l2", 0, Allowed::kNotNegative, "of sum w^2 in the cost"});
  options.max_norm = take({"max_norm", kNoLimit, Allowed::kPositive, "of a neuron's weights"});
  return options;
}

}  // namespace chainrule
