// From a member's index to its formula, by branches within this translation unit: no table of functions, whose entries
// the linker could share with another CPU target's. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/members.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// Calls visitor(TypeOf<Member>()) for the member with this index, in this translation unit's own code.
template <class Visitor>
CHAINRULE_INLINE void visit(int, TypeList<>, Visitor&&) {}
template <class Member, class... Members, class Visitor>
CHAINRULE_INLINE void visit(int index, TypeList<Member, Members...>, Visitor&& visitor) {
  if (index == 0) return visitor(TypeOf<Member>());
  visit(index - 1, TypeList<Members...>(), visitor);
}

// Calls visitor(TypeOf<Member>(), formula) with the member's formula for vectors V.
template <class V, class List, class Visitor>
CHAINRULE_INLINE void visit_formula(const Choice<List>& choice, Visitor&& visitor) {
  visit(choice.index, List(), [&](auto member) CHAINRULE_INLINE_LAMBDA {
    const typename decltype(member)::type::template Formula<V> formula(choice.numbers);
    visitor(member, formula);
  });
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
