// The plan for large layers or small batches: layer by layer, each product divided by columns, so that every weight is
// read once, by one thread.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "plan/panel_plan.h"

namespace chainrule {

template <class T>
class ColumnPlan final : public PanelPlan<T> {
 public:
  using PanelPlan<T>::PanelPlan;

 private:
  void run(const typename PanelPlan<T>::Pass& pass, Team& team, Poll& poll) override;
};

}  // namespace chainrule
