// Wording of error messages: numbers, shapes, and the known name nearest to an unknown one.
// SPDX-License-Identifier: BSD-3-Clause
#include "error.h"

#include <algorithm>
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

}  // namespace

std::string text_of(long double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9Lg", number);
  return text;
}

std::string shape_text(long long rows, long long cols) {
  return "(" + std::to_string(rows) + ", " + std::to_string(cols) + ")";
}

void throw_unknown_name(const std::string& family, const std::string& name,
                        const std::vector<std::string>& known) {
  const auto nearest =
      std::min_element(known.begin(), known.end(), [&](const auto& one, const auto& other) {
        return edit_distance(name, one) < edit_distance(name, other);
      });
  std::string list;
  for (const auto& each : known) list += (list.empty() ? "" : ", ") + each;
  throw std::invalid_argument("unknown " + family + " \"" + name + "\", did you mean \"" +
                              *nearest + "\"? Known: " + list);
}

}  // namespace chainrule
