// The plan for networks whose weights fit the cache: a tile of rows goes through the whole network, and back, before the
// next, without meeting another thread.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "plan/panel_plan.h"

namespace chainrule {

template <class T>
class RowPlan final : public PanelPlan<T> {
 public:
  using PanelPlan<T>::PanelPlan;

 private:
  void run(const typename PanelPlan<T>::Pass& pass, Team& team, Poll& poll) override;
};

}  // namespace chainrule
