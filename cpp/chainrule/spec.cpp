// Looking up the entries of a spec.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/spec.h"

#include <algorithm>
#include <stdexcept>

namespace chainrule {
namespace {

template <class Value>
const Value* find(const std::vector<std::pair<std::string, Value>>& entries,
                  const std::string& key) {
  for (const auto& [name, value] : entries) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string listed(const std::vector<std::string>& keys) {
  std::string list;
  for (const std::string& key : keys) list += (list.empty() ? "" : ", ") + key;
  return list.empty() ? "none" : list;
}

template <class Value>
void require_keys(const std::string& owner, const char* kind,
                  const std::vector<std::pair<std::string, Value>>& entries,
                  const std::vector<std::string>& known) {
  for (const auto& entry : entries) {
    if (std::find(known.begin(), known.end(), entry.first) == known.end()) {
      throw std::invalid_argument(owner + " has no " + kind + " \"" + entry.first +
                                  "\"; known: " + listed(known));
    }
  }
}

template <class Value>
void require_one_of_each(const std::string& owner, const char* kind,
                         const std::vector<std::pair<std::string, Value>>& entries) {
  for (const auto& entry : entries) {
    if (find(entries, entry.first) == &entry.second) continue;
    throw std::invalid_argument(owner + " got the " + kind + " \"" + entry.first + "\" twice");
  }
}

// The i of "key[i]", or -1.
std::int64_t place_in_list(const std::string& name, const std::string& key) {
  constexpr std::size_t kMostDigits = 18;  // an int64 holds every number of so many
  if (name.compare(0, key.size() + 1, key + "[") != 0 || name.back() != ']') return -1;
  const std::string digits = name.substr(key.size() + 1, name.size() - key.size() - 2);
  if (digits.empty() || digits.size() > kMostDigits) return -1;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return -1;
  if (digits.size() > 1 && digits[0] == '0') return -1;
  return std::stoll(digits);
}

}  // namespace

double Spec::number(const std::string& key, double standard) const {
  const double* found = find(numbers, key);
  return found ? *found : standard;
}

std::string Spec::word(const std::string& key, const std::string& standard) const {
  const std::string* found = find(words, key);
  return found ? *found : standard;
}

Spec Spec::part(const std::string& key, const Spec& standard) const {
  const Spec* found = find(parts, key);
  return found ? *found : standard;
}

double Spec::number(const std::string& key) const {
  if (const double* found = find(numbers, key)) return *found;
  throw std::invalid_argument(name + " needs the number \"" + key + "\"");
}

std::map<std::int64_t, double> Spec::list(const std::string& key) const {
  std::map<std::int64_t, double> entries;
  for (const auto& [name, value] : numbers) {
    const std::int64_t place = place_in_list(name, key);
    if (place >= 0) entries.emplace(place, value);
  }
  return entries;
}

void Spec::require_known(const std::vector<std::string>& number_keys,
                         const std::vector<std::string>& word_keys,
                         const std::vector<std::string>& part_keys) const {
  require_keys(name, "number", numbers, number_keys);
  require_keys(name, "word", words, word_keys);
  require_keys(name, "part", parts, part_keys);
  require_one_of_each(name, "number", numbers);
  require_one_of_each(name, "word", words);
}

}  // namespace chainrule
