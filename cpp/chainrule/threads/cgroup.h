// The CPU time that a container grants this process, where it is limited: Linux control groups, versions 1 and 2.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>

namespace chainrule {

// The quota in CPUs, rounded up: the least of the process's group and the groups around it. Nothing where there is none
// or it cannot be read. `root` stands before all paths, for tests.
std::optional<int> cgroup_cpus(const std::string& root = "");

}  // namespace chainrule
