// Wording of error messages: numbers, shapes, and the known name nearest to an unknown one.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/error.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace chainrule {
namespace {

// Levenshtein distance: insertions, deletions and replacements that lead from one word to the other.
std::size_t edit_distance(const std::string& from, const std::string& to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i - 1] != to[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

// Letters and digits alone, in lower case: "ReLU", "leaky-relu" and "LeakyRelu" are near what they mean.
std::string plain(const std::string& name) {
  std::string result;
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    if (std::isalnum(byte)) result += static_cast<char>(std::tolower(byte));
  }
  return result;
}

// The member, or members, that the name most likely means; none where it is like none.
std::vector<std::string> meant_by(const std::string& name, const std::vector<KnownName>& known) {
  std::string wanted = plain(name);
  for (const std::string ending :
       {"loss", "withlogits"}) {  // as in PyTorch's MSELoss and BCEWithLogitsLoss
    const bool ends_so = wanted.size() > ending.size() &&
                         wanted.compare(wanted.size() - ending.size(), ending.size(), ending) == 0;
    if (ends_so && wanted != "logloss") wanted.resize(wanted.size() - ending.size());
  }
  std::vector<std::string> meant;
  for (const KnownName& each : known) {
    const auto is_wanted = [&](const std::string& other) { return plain(other) == wanted; };
    if (std::any_of(each.elsewhere.begin(), each.elsewhere.end(), is_wanted)) {
      meant.push_back(each.name);
    }
  }
  if (meant.empty() && !known.empty()) {
    const auto distance = [&](const KnownName& each) {
      return edit_distance(wanted, plain(each.name));
    };
    const auto nearest = std::min_element(known.begin(), known.end(),
                                          [&](const KnownName& one, const KnownName& other) {
                                            return distance(one) < distance(other);
                                          });
    // A name with hardly a letter in common is no suggestion.
    if (2 * distance(*nearest) < nearest->name.size() + wanted.size())
      meant.push_back(nearest->name);
  }
  return meant;
}

}  // namespace

std::string text_of(long double number) {
  if (std::isnan(number)) return "nan";  // some systems print its sign
  char text[32];
  std::snprintf(text, sizeof text, "%.9Lg", number);
  return text;
}

std::string shape_text(long long rows, long long cols) {
  return "(" + std::to_string(rows) + ", " + std::to_string(cols) + ")";
}

void throw_unknown_name(const std::string& family, const std::string& name,
                        const std::vector<KnownName>& known) {
  std::string meant, list;
  for (const auto& each : meant_by(name, known)) {
    meant += (meant.empty() ? "\"" : " or \"") + each + "\"";
  }
  for (const auto& each : known) list += (list.empty() ? "" : ", ") + each.name;
  constexpr std::size_t kLongest = 2000;
  const std::string shown = name.size() <= kLongest ? name : name.substr(0, kLongest) + "...";
  throw std::invalid_argument("unknown " + family + " \"" + shown + "\"" +
                              (meant.empty() ? "." : ", did you mean " + meant + "?") +
                              " Known: " + (list.empty() ? "none" : list));
}

}  // namespace chainrule
