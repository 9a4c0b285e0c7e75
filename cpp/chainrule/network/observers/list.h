// The termination conditions of training, beside the number of epochs: observers that have a name and cross as a spec.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <vector>

#include "chainrule/members.h"
#include "chainrule/network/observers/cost_below.h"
#include "chainrule/network/observers/no_improvement.h"
#include "chainrule/network/observers/stop_when.h"
#include "chainrule/network/observers/time_limit.h"

namespace chainrule {

using StopConditions = TypeList<CostBelow, NoImprovement, TimeLimit, StopWhen>;

// Throws std::invalid_argument for an unknown name or a number that the condition refuses.
inline std::unique_ptr<Observer> make_observer(const Spec& spec, const Questions& questions = {}) {
  const auto choice = choose<StopConditions>("stop condition", spec);
  return StopConditions::visit<std::unique_ptr<Observer>>(
      choice.index, [&](auto member) -> std::unique_ptr<Observer> {
        return std::make_unique<typename decltype(member)::type>(choice.numbers, questions);
      });
}

inline std::vector<std::unique_ptr<Observer>> make_observers(const std::vector<Spec>& specs,
                                                             const Questions& questions) {
  std::vector<std::unique_ptr<Observer>> made;
  for (const Spec& spec : specs) made.push_back(make_observer(spec, questions));
  return made;
}

}  // namespace chainrule
