// What a thing with a name is made from, as it crosses into the core and as a file will hold it: a tree of named numbers,
// words and parts. Layers, activations, losses, optimizers, stop conditions and whole networks have one.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace chainrule {

struct Spec {
  std::string name;
  std::vector<std::pair<std::string, double>> numbers{};
  std::vector<std::pair<std::string, std::string>> words{};
  std::vector<std::pair<std::string, Spec>> parts{};

  // The entry of this key, or `standard` where there is none.
  double number(const std::string& key, double standard) const;
  std::string word(const std::string& key, const std::string& standard) const;
  Spec part(const std::string& key, const Spec& standard) const;

  // As above, but throws std::invalid_argument where there is none.
  double number(const std::string& key) const;

  // The numbers key[0], key[1], ... by their place; some may be left out.
  std::map<std::int64_t, double> list(const std::string& key) const;

  bool operator==(const Spec& other) const {
    return name == other.name && numbers == other.numbers && words == other.words &&
           parts == other.parts;
  }
  bool operator!=(const Spec& other) const { return !(*this == other); }

  // Throws std::invalid_argument where there is an entry of another key, or a number or word twice. Parts of one key may be
  // several; part() gives the first.
  void require_known(const std::vector<std::string>& number_keys,
                     const std::vector<std::string>& word_keys = {},
                     const std::vector<std::string>& part_keys = {}) const;
};

}  // namespace chainrule
