// Schedules from their specs, and what they have in common.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/schedules/make.h"

#include <stdexcept>

#include "chainrule/network/schedules/list.h"

namespace chainrule {

Per per_of(const Spec& spec) {
  const std::string word = spec.word("per", "step");
  if (word == "step") return Per::kStep;
  if (word == "epoch") return Per::kEpoch;
  throw std::invalid_argument("per must be \"step\" or \"epoch\", got \"" + word + "\"");
}

std::unique_ptr<Schedule> make_schedule(const Spec& spec) {
  const auto choice = choose<Schedules>("schedule", spec);
  return Schedules::visit<std::unique_ptr<Schedule>>(
      choice.index, [&](auto member) -> std::unique_ptr<Schedule> {
        using Member = typename decltype(member)::type;
        return std::make_unique<Member>(ScheduleArguments{choice.numbers, spec});
      });
}

}  // namespace chainrule
