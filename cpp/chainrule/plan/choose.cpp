// The choice between the plans.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "chainrule/plan/column_plan.h"
#include "chainrule/plan/layerwise_plan.h"
#include "chainrule/plan/narrow_plan.h"
#include "chainrule/plan/row_plan.h"
#include "chainrule/threads/limit.h"

namespace chainrule {

const char* plan_name(PlanKind kind) {
  switch (kind) {
    case PlanKind::kNarrow: return "narrow";
    case PlanKind::kRows: return "rows";
    case PlanKind::kColumns: return "columns";
    default: return "layerwise";
  }
}

template <class T>
PlanKind choose_plan(const Architecture& architecture, const Engine<T>& engine) {
  if (engine.product != Product::kOwn || !PanelPlan<T>::suits(architecture)) {
    return PlanKind::kLayerwise;
  }
  if (NarrowPlan<T>::suits(architecture)) return PlanKind::kNarrow;
  // Weights that stay in the cache are best met by tiles of rows; others are best read once a batch.
  constexpr std::int64_t kCached = 4 << 20;  // bytes
  return architecture.n_parameters <= kCached / static_cast<std::int64_t>(sizeof(T))
             ? PlanKind::kRows
             : PlanKind::kColumns;
}
template PlanKind choose_plan(const Architecture&, const Engine<float>&);
template PlanKind choose_plan(const Architecture&, const Engine<double>&);

template <class T>
std::unique_ptr<Plan<T>> make_plan(const Architecture& architecture, const Passes& passes,
                                   const Engine<T>& engine, Poll& poll) {
  switch (choose_plan(architecture, engine)) {
    case PlanKind::kNarrow:
      return std::make_unique<NarrowPlan<T>>(architecture, passes, engine, poll);
    case PlanKind::kRows: return std::make_unique<RowPlan<T>>(architecture, passes, engine, poll);
    case PlanKind::kColumns:
      return std::make_unique<ColumnPlan<T>>(architecture, passes, engine, poll);
    default: return std::make_unique<LayerwisePlan<T>>(architecture, passes, engine, poll);
  }
}
template std::unique_ptr<Plan<float>> make_plan(const Architecture&, const Passes&,
                                                const Engine<float>&, Poll&);
template std::unique_ptr<Plan<double>> make_plan(const Architecture&, const Passes&,
                                                 const Engine<double>&, Poll&);

int threads_for(PlanKind plan, const Architecture& architecture, std::int64_t rows,
                Direction direction, int cap) {
  check_num_threads();  // first: a wrong environment is an error whatever the size of the work
  if (plan == PlanKind::kLayerwise) return 1;
  // The cores that measured it do 100 to 250 floating-point operations a nanosecond. Two threads meet twice a step, at
  // 0.2 to 1 us each time, and fetch from each other what they have written, about as much again; so much work takes a
  // thread some ten microseconds.
  constexpr double kFlopsPerThread = 1e6;
  const double products = direction == Direction::kForward ? 1 : 3;
  const double flops =
      2 * products * static_cast<double>(architecture.n_parameters) * static_cast<double>(rows);
  if (flops < 2 * kFlopsPerThread || cap == 1)
    return 1;  // without asking the system for its limits
  const int limit = cap > 0 ? std::min(cap, get_num_threads()) : get_num_threads();
  const std::int64_t most = plan == PlanKind::kNarrow ? narrow_chunks(rows) : kMaxThreads;
  return std::clamp(static_cast<int>(std::min(flops / kFlopsPerThread, static_cast<double>(most))),
                    1, limit);
}

}  // namespace chainrule
