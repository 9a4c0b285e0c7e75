// The plan for large layers or small batches: layer by layer, each product divided by columns, so that every weight is
// read once, by one thread.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/plan/panel_plan.h"

namespace chainrule {

template <class T>
class ColumnPlan final : public PanelPlan<T> {
 public:
  ColumnPlan(const Architecture& architecture, const Passes& passes, const Engine<T>& engine,
             Poll& poll)
      : PanelPlan<T>(architecture, passes, engine, wants_packed, passes.max_rows, poll) {}

 private:
  // To train on a few rows, reading and writing weights takes more time than products, so there are no copies of them.
  static bool wants_packed(const Passes& passes) {
    constexpr std::int64_t kManyRows = 96;
    return passes.direction == Direction::kForwardAndBackward && passes.usual_rows >= kManyRows;
  }
  void run(const typename PanelPlan<T>::Pass& pass, Team& team, Poll& poll) override;
};

}  // namespace chainrule
