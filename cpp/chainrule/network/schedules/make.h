// Schedules from their specs.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include "chainrule/network/schedules/schedule.h"

namespace chainrule {

// Throws std::invalid_argument for an unknown name, or a number or word that the schedule refuses.
std::unique_ptr<Schedule> make_schedule(const Spec& spec);

}  // namespace chainrule
