// Which CPU targets there are, and which of them this process uses.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

namespace chainrule {

// Named like their namespaces; cmake/SimdTargets.cmake says what each is and where it is built.
enum class Target { scalar, v2, v3, v4, neon };

const char* target_name(Target target);

// Those of this build that this CPU and its operating system can run: never none, and the best one last.
const std::vector<Target>& supported_targets();

// The one that the environment variable CHAINRULE_CPU names, else the best one.
// Throws std::invalid_argument if the name is none of supported_targets().
Target choose_target();

// What choose_target() said when this process first asked.
Target current_target();

}  // namespace chainrule
