// The quantity that an observer goes by, with the sign with which less is better.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "chainrule/network/quantity.h"

namespace chainrule {

class Monitor {
 public:
  static constexpr const char* kWords[] = {"monitor", "mode"};

  // `name` is a recorded quantity, or "" for the validation cost where there is one, else the cost; `mode` is "min", "max", or
  // "" for the quantity's own direction. Throws std::invalid_argument for another mode.
  explicit Monitor(std::string name = "", std::string mode = "");

  const std::string& name() const { return name_; }
  bool operator==(const Monitor& other) const {
    return name_ == other.name_ && mode_ == other.mode_;
  }

  // Tells which quantities a training records. Throws std::invalid_argument where the one that is meant is not among them, or
  // nobody has said what is better.
  void connect(const std::vector<Column>& columns);
  // Of the last whole epoch: lower is better.
  double value(const std::vector<Column>& columns) const {
    return sign_ * columns[column_].values.back();
  }

 private:
  std::string name_, mode_;
  std::size_t column_ = 0;
  double sign_ = 1;
};

}  // namespace chainrule
