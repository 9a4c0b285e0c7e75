// Numbers that an optimizer carries from step to step beside its arrays, where the number of a step does not say enough.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <iterator>
#include <type_traits>
#include <vector>

#include "chainrule/type_list.h"

namespace chainrule {

// What a member has in kRunning. Its advance(numbers, step, running) then makes the numbers of step number `step`, counted
// from 1, from those of the step before, and its constants() get them as their last argument.
struct RunningNumber {
  const char* name;
  double first;  // before step 1
};

// The same for every member: nothing where it has no kRunning.
template <class Member, class = void>
struct Running {
  static constexpr int kCount = 0;
  static std::vector<RunningNumber> list() { return {}; }
  static void advance(const double* /*numbers*/, std::int64_t /*step*/, double* /*running*/) {}
  static auto constants(const double* numbers, std::int64_t step, const double* /*running*/) {
    return Member::constants(numbers, step);
  }
};
template <class Member>
struct Running<Member, std::void_t<decltype(Member::kRunning)>> {
  static constexpr int kCount = static_cast<int>(std::size(Member::kRunning));
  static std::vector<RunningNumber> list() {
    return {std::begin(Member::kRunning), std::end(Member::kRunning)};
  }
  static void advance(const double* numbers, std::int64_t step, double* running) {
    Member::advance(numbers, step, running);
  }
  static auto constants(const double* numbers, std::int64_t step, const double* running) {
    return Member::constants(numbers, step, running);
  }
};

// The most that a member has.
template <class List>
constexpr int kMostRunningOf = 0;
template <class... Members>
constexpr int kMostRunningOf<TypeList<Members...>> = [] {
  int most = 0;
  ((most = Running<Members>::kCount > most ? Running<Members>::kCount : most), ...);
  return most;
}();

}  // namespace chainrule
