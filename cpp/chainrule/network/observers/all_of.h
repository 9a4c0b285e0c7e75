// Stops when several conditions hold at once.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <vector>

#include "chainrule/network/observers/observer.h"

namespace chainrule {

class AllOf final : public Observer {
 public:
  static constexpr const char* kName = "all_of";
  static constexpr const char* kParts[] = {"condition"};
  // Throws std::invalid_argument where there is no condition, or one is refused.
  explicit AllOf(const ConditionArguments& of);

  Watches watches() const override;
  void connect(const std::vector<Column>& columns) override;
  bool reads_gradient_norm() const override;
  const Monitor* restores_best() const override;

  bool begin(const Record& record) override;
  bool after_step(const Record& record) override;
  bool after_epoch(const Record& record) override;
  void end(const Record& record) override;

  Memory memory() const override;
  void remember(const Spec& memory) override;

 private:
  // A condition says in its own time that it holds: after a step, or after an epoch. What it said then counts until the next
  // such time.
  struct Part {
    std::unique_ptr<Observer> condition;
    bool after_step = false, after_epoch = false;
  };
  bool all_hold() const;

  std::vector<Part> parts_;
};

}  // namespace chainrule
