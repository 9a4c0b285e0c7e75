// What crosses into the core: the name of a member (layer, loss, optimizer, ...) with its numbers and words.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace chainrule {

struct Spec {
  std::string name;
  std::vector<double> numbers;
  std::vector<std::string> words;

  // Throws std::invalid_argument unless it has as many of each.
  void require(std::size_t n_numbers, std::size_t n_words) const {
    if (numbers.size() == n_numbers && words.size() == n_words) return;
    throw std::invalid_argument(
        name + " takes " + std::to_string(n_numbers) + " numbers and " + std::to_string(n_words) +
        " words, got " + std::to_string(numbers.size()) + " and " + std::to_string(words.size()));
  }
};

}  // namespace chainrule
