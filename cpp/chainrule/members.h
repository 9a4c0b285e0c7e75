// A member of a family as somebody has chosen it: from its spec to its index in the family's list and its numbers.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "chainrule/parameter.h"
#include "chainrule/spec.h"
#include "chainrule/type_list.h"

namespace chainrule {

// What a member declares in kParameters; nothing where it has none.
template <class Member, class = void>
struct ParametersOf {
  static constexpr int kCount = 0;
  static std::vector<Parameter> list() { return {}; }
};
template <class Member>
struct ParametersOf<Member, std::void_t<decltype(Member::kParameters)>> {
  static constexpr int kCount = static_cast<int>(std::size(Member::kParameters));
  static std::vector<Parameter> list() {
    return {std::begin(Member::kParameters), std::end(Member::kParameters)};
  }
};

// The keys of the words and of the parts that the spec of a member may have beside its numbers, in kWords and kParts.
template <class Member, class = void>
struct WordsOf {
  static std::vector<std::string> list() { return {}; }
};
template <class Member>
struct WordsOf<Member, std::void_t<decltype(Member::kWords)>> {
  static std::vector<std::string> list() {
    return {std::begin(Member::kWords), std::end(Member::kWords)};
  }
};
template <class Member, class = void>
struct PartsOf {
  static std::vector<std::string> list() { return {}; }
};
template <class Member>
struct PartsOf<Member, std::void_t<decltype(Member::kParts)>> {
  static std::vector<std::string> list() {
    return {std::begin(Member::kParts), std::end(Member::kParts)};
  }
};

// The hyperparameters that are lists, which a member declares in kLists; in a spec they are name[0], name[1], ..., and where
// somebody has written out a whole list, its length by its name.
template <class Member, class = void>
struct ListsOf {
  static std::vector<Parameter> list() { return {}; }
};
template <class Member>
struct ListsOf<Member, std::void_t<decltype(Member::kLists)>> {
  static std::vector<Parameter> list() {
    return {std::begin(Member::kLists), std::end(Member::kLists)};
  }
};

// Conditions on several hyperparameters at once, which a member may have in check().
template <class Member, class = void>
struct ChecksTogether : std::false_type {};
template <class Member>
struct ChecksTogether<Member, std::void_t<decltype(Member::check(nullptr))>> : std::true_type {};

template <class List>
constexpr int kMostParameters = 0;
template <class... Members>
constexpr int kMostParameters<TypeList<Members...>> = [] {
  int most = 0;
  ((most = ParametersOf<Members>::kCount > most ? ParametersOf<Members>::kCount : most), ...);
  return most;
}();

// The most constants that the formula of a member has, of members that have a kConstants.
template <class List>
constexpr int kMostConstantsOf = 0;
template <class... Members>
constexpr int kMostConstantsOf<TypeList<Members...>> = [] {
  int most = 1;
  ((most = Members::kConstants > most ? Members::kConstants : most), ...);
  return most;
}();

// The index of a member, and its hyperparameters in the order of its kParameters: plain data, which kernels take as it is.
template <class List>
struct Choice {
  int index = 0;
  double numbers[kMostParameters<List> > 0 ? kMostParameters<List> : 1] = {};
};

// The parameters of the member with this index.
template <class List>
std::vector<Parameter> parameters_of(int index) {
  return List::template visit<std::vector<Parameter>>(
      index, [](auto member) { return ParametersOf<typename decltype(member)::type>::list(); });
}

template <class List>
std::vector<Parameter> lists_of(int index) {
  return List::template visit<std::vector<Parameter>>(
      index, [](auto member) { return ListsOf<typename decltype(member)::type>::list(); });
}

inline std::string name_of_entry(const std::string& list, std::int64_t place) {
  return list + "[" + std::to_string(place) + "]";
}

template <class Named>
std::vector<std::string> names_of(const std::vector<Named>& all) {
  std::vector<std::string> names;
  for (const Named& each : all) names.emplace_back(each.name);
  return names;
}

// Throws std::invalid_argument unless each number is in its range, and all together are what the member takes.
template <class List>
void check_numbers(int index, const double* numbers) {
  int i = 0;
  for (const Parameter& each : parameters_of<List>(index)) require(each, numbers[i++]);
  List::template visit<void>(index, [&](auto member) {
    using Member = typename decltype(member)::type;
    if constexpr (ChecksTogether<Member>::value) Member::check(numbers);
  });
}

// The names of the lists of a member, and of what the spec has of them; throws std::invalid_argument where a number in them is
// out of range.
template <class List>
std::vector<std::string> check_lists(int index, const Spec& spec) {
  std::vector<std::string> names;
  for (const Parameter& each : lists_of<List>(index)) {
    names.emplace_back(each.name);
    for (const auto& [place, value] : spec.list(each.name)) {
      names.push_back(name_of_entry(each.name, place));
      require(holds(each.allowed, value), names.back(), text_of(each.allowed), value);
    }
  }
  return names;
}

// `family` ("activation", ...) is for the messages. A number that the spec does not have takes its default.
template <class List>
Choice<List> choose(const std::string& family, const Spec& spec) {
  Choice<List> choice;
  choice.index = List::index_of(family, spec.name);
  const std::vector<Parameter> parameters = parameters_of<List>(choice.index);
  std::vector<std::string> known = names_of(parameters);
  for (std::string& name : check_lists<List>(choice.index, spec)) known.push_back(std::move(name));
  List::template visit<void>(choice.index, [&](auto member) {
    using Member = typename decltype(member)::type;
    spec.require_known(known, WordsOf<Member>::list(), PartsOf<Member>::list());
  });
  int i = 0;
  for (const Parameter& each : parameters) {
    choice.numbers[i++] =
        std::isnan(each.standard) ? spec.number(each.name) : spec.number(each.name, each.standard);
  }
  check_numbers<List>(choice.index, choice.numbers);
  return choice;
}

// The spec that choose() makes this choice from.
template <class List>
Spec spec_of(const Choice<List>& choice) {
  Spec spec;
  spec.name = List::names()[static_cast<std::size_t>(choice.index)];
  int i = 0;
  for (const Parameter& each : parameters_of<List>(choice.index)) {
    spec.numbers.emplace_back(each.name, choice.numbers[i++]);
  }
  return spec;
}

}  // namespace chainrule
