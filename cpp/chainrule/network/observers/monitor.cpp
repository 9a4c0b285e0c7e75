// Which of the recorded quantities a name means.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/observers/monitor.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace chainrule {

Monitor::Monitor(std::string name, std::string mode)
    : name_(std::move(name)), mode_(std::move(mode)) {
  if (mode_.empty() || mode_ == "min" || mode_ == "max") return;
  throw std::invalid_argument(
      "mode must be \"min\" or \"max\", or None for what is better by itself, got \"" + mode_ +
      "\"");
}

void Monitor::connect(const std::vector<Column>& columns) {
  const auto find = [&](const std::string& name) {
    return std::find_if(columns.begin(), columns.end(),
                        [&](const Column& each) { return each.quantity.name == name; });
  };
  auto found = find(name_.empty() ? Quantity::kValidationCost : name_);
  if (name_.empty() && found == columns.end()) found = find(Quantity::kCost);
  if (found == columns.end()) {
    std::string recorded;
    for (const Column& each : columns) {
      recorded += (recorded.empty() ? "" : ", ") + each.quantity.name;
    }
    throw std::invalid_argument("monitor is \"" + name_ +
                                "\", which this training does not record; it records " + recorded);
  }
  column_ = static_cast<std::size_t>(std::distance(columns.begin(), found));
  const Better better = found->quantity.better;
  if (mode_.empty() && better == Better::kUnknown) {
    throw std::invalid_argument("whether more or less of \"" + name_ +
                                "\" is better is not known: say mode=\"min\" or mode=\"max\"");
  }
  const bool higher = mode_.empty() ? better == Better::kHigher : mode_ == "max";
  sign_ = higher ? -1 : 1;
}

}  // namespace chainrule
