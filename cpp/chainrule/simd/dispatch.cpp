// What the CPU can do, and what the environment asks for.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/simd/dispatch.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

#if defined(__x86_64__) || defined(_M_X64)
#include "chainrule/simd/x86_features.h"
#endif

namespace chainrule {

namespace {

struct Entry {
  Target target;
  const char* name;
};

// CHAINRULE_TARGETS comes from cmake/SimdTargets.cmake: X(scalar) X(v2) ..., the targets of this build.
constexpr Entry kEntries[] = {
#define X(target) {Target::target, #target},
    CHAINRULE_TARGETS
#undef X
};

const Entry& entry(Target target) {
  const auto is_it = [&](const Entry& each) { return each.target == target; };
  return *std::find_if(std::begin(kEntries), std::end(kEntries) - 1, is_it);
}

bool can_run([[maybe_unused]] Target target) {
#if defined(__x86_64__) || defined(_M_X64)
  const X86Features cpu;
  if (target == Target::v2) return cpu.v2;
  if (target == Target::v3) return cpu.v3;
  if (target == Target::v4) return cpu.v4;
#endif
  return true;
}

}  // namespace

const char* target_name(Target target) { return entry(target).name; }

const std::vector<Target>& supported_targets() {
  static const std::vector<Target> kSupported = [] {
    std::vector<Target> supported;
    for (const Entry& each : kEntries) {
      if (can_run(each.target)) supported.push_back(each.target);
    }
    return supported;
  }();
  return kSupported;
}

Target choose_target() {
  const std::vector<Target>& supported = supported_targets();
  const char* wish = std::getenv("CHAINRULE_CPU");
  if (wish == nullptr || *wish == '\0') return supported.back();
  std::string names;
  for (const Target target : supported) {
    if (wish == std::string(target_name(target))) return target;
    names += std::string(names.empty() ? "" : ", ") + target_name(target);
  }
  throw std::invalid_argument("CHAINRULE_CPU is \"" + std::string(wish) +
                              "\", this machine can run: " + names);
}

Target current_target() {
  static const Target chosen = choose_target();
  return chosen;
}

}  // namespace chainrule
