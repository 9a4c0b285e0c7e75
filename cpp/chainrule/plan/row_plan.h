// The plan for networks whose weights fit the cache: a tile of rows goes through the whole network, and back, before the
// next, without meeting another thread.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/plan/panel_plan.h"

namespace chainrule {

template <class T>
class RowPlan final : public PanelPlan<T> {
 public:
  RowPlan(const Architecture& architecture, const Passes& passes, const Engine<T>& engine,
          Poll& poll)
      : PanelPlan<T>(architecture, passes, engine, wants_packed, kMostRows, poll) {}

 private:
  static constexpr std::int64_t kMostRows = 64;  // of a tile

  static bool wants_packed(const Passes& passes) {
    // For so many it pays to pack all weights before predictions, too.
    constexpr std::int64_t kManyRows = 256;
    return passes.direction == Direction::kForwardAndBackward || passes.usual_rows >= kManyRows;
  }
  void run(const typename PanelPlan<T>::Pass& pass, Team& team, Poll& poll) override;
};

}  // namespace chainrule
