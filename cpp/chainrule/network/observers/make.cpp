// Stop conditions from their specs: numbers and words as the member declares them.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/observers/make.h"

#include "chainrule/network/observers/list.h"

namespace chainrule {

std::unique_ptr<Observer> make_observer(const Spec& spec, const Questions& questions) {
  const auto choice = choose<StopConditions>("stop condition", spec);
  return StopConditions::visit<std::unique_ptr<Observer>>(
      choice.index, [&](auto member) -> std::unique_ptr<Observer> {
        using Condition = typename decltype(member)::type;
        return std::make_unique<Condition>(ConditionArguments{choice.numbers, spec, questions});
      });
}

std::vector<std::unique_ptr<Observer>> make_observers(const std::vector<Spec>& specs,
                                                      const Questions& questions) {
  std::vector<std::unique_ptr<Observer>> made;
  for (const Spec& spec : specs) made.push_back(make_observer(spec, questions));
  return made;
}

}  // namespace chainrule
