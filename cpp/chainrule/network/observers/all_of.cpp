// Several conditions as one: what each remembers has the number of the condition before its name.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/observers/all_of.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "chainrule/network/observers/make.h"

namespace chainrule {
namespace {

// "2.best" of the third condition
std::string prefix(std::size_t number) { return std::to_string(number) + "."; }

}  // namespace

AllOf::AllOf(const ConditionArguments& of) {
  for (const auto& part : of.spec.parts) {
    parts_.push_back({make_observer(part.second, of.questions)});
  }
  if (parts_.empty()) throw std::invalid_argument("all_of needs at least one stop condition");
}

Watches AllOf::watches() const {
  Watches closest = Watches::kEpochs;
  for (const Part& each : parts_) closest = std::max(closest, each.condition->watches());
  return closest;
}

void AllOf::connect(const std::vector<Column>& columns) {
  for (const Part& each : parts_) each.condition->connect(columns);
}

bool AllOf::reads_gradient_norm() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const Part& each) { return each.condition->reads_gradient_norm(); });
}

const Monitor* AllOf::restores_best() const {
  for (const Part& each : parts_) {
    if (const Monitor* monitor = each.condition->restores_best()) return monitor;
  }
  return nullptr;
}

bool AllOf::all_hold() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& each) { return each.after_step || each.after_epoch; });
}

bool AllOf::begin(const Record& record) {
  for (const Part& each : parts_) each.condition->begin(record);
  return false;
}

bool AllOf::after_step(const Record& record) {
  for (Part& each : parts_) each.after_step = each.condition->after_step(record);
  return all_hold();
}

bool AllOf::after_epoch(const Record& record) {
  for (Part& each : parts_) each.after_epoch = each.condition->after_epoch(record);
  return all_hold();
}

void AllOf::end(const Record& record) {
  for (const Part& each : parts_) each.condition->end(record);
}

Observer::Memory AllOf::memory() const {
  Memory memory;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    memory.emplace_back(prefix(i) + "after_epoch", parts_[i].after_epoch ? 1 : 0);
    for (const auto& [name, value] : parts_[i].condition->memory()) {
      memory.emplace_back(prefix(i) + "of." + name, value);
    }
  }
  return memory;
}

void AllOf::remember(const Spec& memory) {
  if (memory.numbers.empty()) return;
  std::size_t known = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const std::string of_part = prefix(i) + "of.";
    Spec own{"memory"};
    for (const auto& [name, value] : memory.numbers) {
      if (name.compare(0, of_part.size(), of_part) == 0) {
        own.numbers.emplace_back(name.substr(of_part.size()), value);
      }
    }
    parts_[i].condition->remember(own);
    parts_[i].after_epoch = memory.number(prefix(i) + "after_epoch") != 0;
    known += own.numbers.size() + 1;
  }
  if (known != memory.numbers.size()) {
    throw std::invalid_argument(
        "the memory of all_of has entries of conditions that it does not have");
  }
}

}  // namespace chainrule
