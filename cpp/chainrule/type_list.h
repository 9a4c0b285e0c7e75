// A family of members as a list of types: names, numbering and lookup all come from the one list.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <iterator>
#include <string>
#include <type_traits>
#include <vector>

#include "chainrule/error.h"

namespace chainrule {

// Stands for a type in a call, without an object of it.
template <class Member>
struct TypeOf {
  using type = Member;
};

// A member may say what other libraries call it, in kElsewhere: an error about an unknown name then leads to it.
template <class Member, class = void>
struct NamesElsewhere {
  static std::vector<std::string> list() { return {}; }
};
template <class Member>
struct NamesElsewhere<Member, std::void_t<decltype(Member::kElsewhere)>> {
  static std::vector<std::string> list() {
    return {std::begin(Member::kElsewhere), std::end(Member::kElsewhere)};
  }
};

template <class... Members>
struct TypeList {
  static constexpr int kSize = sizeof...(Members);

  static std::vector<std::string> names() { return {Members::kName...}; }

  // The index of `name` in this list; `family` ("activation", ...) is for the error message.
  static int index_of(const std::string& family, const std::string& name) {
    const auto known = names();
    for (int i = 0; i < kSize; ++i) {
      if (known[static_cast<std::size_t>(i)] == name) return i;
    }
    throw_unknown_name(family, name, {{Members::kName, NamesElsewhere<Members>::list()}...});
  }

  // The index of the type `Member`, -1 if it is not in the list.
  template <class Member>
  static constexpr int index_of_type() {
    int index = -1, i = 0;
    ((std::is_same_v<Member, Members> ? index = i : 0, ++i), ...);
    return index;
  }

  // Calls visitor(TypeOf<Member>{}) for the member with this index and returns what it returns.
  template <class Result, class Visitor>
  static Result visit(int index, Visitor&& visitor) {
    using Caller = Result (*)(Visitor&);
    static constexpr Caller kCallers[] = {
        [](Visitor& each) -> Result { return each(TypeOf<Members>{}); }...};
    return kCallers[index](visitor);
  }
};

// The members of both lists, one after the other.
template <class First, class Second>
struct Joined;
template <class... First, class... Second>
struct Joined<TypeList<First...>, TypeList<Second...>> {
  using type = TypeList<First..., Second...>;
};

}  // namespace chainrule
