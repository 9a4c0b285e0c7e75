// What crosses into the core: the name of a member (layer, loss, optimizer, ...) with its numbers and words.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

namespace chainrule {

struct Spec {
  std::string name;
  std::vector<double> numbers;
  std::vector<std::string> words;
};

}  // namespace chainrule
