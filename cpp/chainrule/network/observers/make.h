// Stop conditions from their specs.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <vector>

#include "chainrule/network/observers/observer.h"

namespace chainrule {

// Throws std::invalid_argument for an unknown name, or a number or word that the condition refuses.
std::unique_ptr<Observer> make_observer(const Spec& spec, const Questions& questions = {});
std::vector<std::unique_ptr<Observer>> make_observers(const std::vector<Spec>& specs,
                                                      const Questions& questions);

}  // namespace chainrule
