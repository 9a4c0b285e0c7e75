// What a warm-up is made from.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/schedules/warm_up.h"

#include <stdexcept>

#include "chainrule/network/schedules/make.h"

namespace chainrule {

WarmUp::WarmUp(const ScheduleArguments& of)
    : Schedule(per_of(of.spec)),
      length_(of.numbers[0]),
      start_factor_(of.numbers[1]),
      then_(make_schedule(of.spec.part("then", {}))) {
  if (then_->per() == per() || then_->per() == Per::kNothing) return;
  throw std::invalid_argument(
      "a warm-up and the schedule behind it must count the same, steps or epochs: give both the "
      "same "
      "per");
}

}  // namespace chainrule
