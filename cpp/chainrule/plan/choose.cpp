// The choice between the plans.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/choose.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/plan/layerwise_plan.h"
#include "chainrule/plan/narrow_plan.h"
#include "chainrule/plan/panel_plan.h"
#include "chainrule/threads/limit.h"

namespace chainrule {
namespace {

constexpr PlanKind kKinds[] = {PlanKind::kLayerwise, PlanKind::kNarrow, PlanKind::kRows,
                               PlanKind::kColumns};
constexpr int kNone = -1;
std::atomic<int> forced{kNone};

template <class T>
bool can_serve(PlanKind kind, const Architecture& architecture, const Engine<T>& engine) {
  if (kind == PlanKind::kLayerwise) return true;
  if (kind == PlanKind::kNarrow && !NarrowPlan<T>::can_serve(architecture)) return false;
  return engine.product == Product::kOwn && PanelPlan<T>::can_serve(architecture);
}

}  // namespace

const char* plan_name(PlanKind kind) {
  switch (kind) {
    case PlanKind::kNarrow: return "narrow";
    case PlanKind::kRows: return "rows";
    case PlanKind::kColumns: return "columns";
    default: return "layerwise";
  }
}

void force_plan(const std::string& name) {
  std::vector<KnownName> known{"auto"};
  if (name == "auto") return forced.store(kNone);
  for (const PlanKind kind : kKinds) {
    if (name == plan_name(kind)) return forced.store(static_cast<int>(kind));
    known.emplace_back(plan_name(kind));
  }
  throw_unknown_name("plan", name, known);
}

template <class T>
PlanKind choose_plan(const Architecture& architecture, const Engine<T>& engine) {
  const int wanted = forced.load(std::memory_order_relaxed);
  if (wanted != kNone && can_serve(static_cast<PlanKind>(wanted), architecture, engine)) {
    return static_cast<PlanKind>(wanted);
  }
  if (!can_serve(PlanKind::kRows, architecture, engine)) return PlanKind::kLayerwise;
  if (NarrowPlan<T>::suits(architecture) && can_serve(PlanKind::kNarrow, architecture, engine)) {
    return PlanKind::kNarrow;
  }
  // Weights that stay in the cache are best met by tiles of rows; others are best read once a batch.
  constexpr std::int64_t kCached = 4 << 20;  // bytes
  return architecture.n_parameters() <= kCached / static_cast<std::int64_t>(sizeof(T))
             ? PlanKind::kRows
             : PlanKind::kColumns;
}
template PlanKind choose_plan(const Architecture&, const Engine<float>&);
template PlanKind choose_plan(const Architecture&, const Engine<double>&);

template <class T>
std::unique_ptr<Plan<T>> make_plan(PlanKind kind, const Architecture& architecture,
                                   const Capacity& capacity, const Engine<T>& engine, Poll& poll) {
  switch (kind) {
    case PlanKind::kNarrow:
      return std::make_unique<NarrowPlan<T>>(architecture, capacity, engine, poll);
    case PlanKind::kRows:
      return std::make_unique<PanelPlan<T>>(by_rows<T>(), architecture, capacity, engine, poll);
    case PlanKind::kColumns:
      return std::make_unique<PanelPlan<T>>(by_columns<T>(), architecture, capacity, engine, poll);
    default: return std::make_unique<LayerwisePlan<T>>(architecture, capacity, engine, poll);
  }
}
template std::unique_ptr<Plan<float>> make_plan(PlanKind, const Architecture&, const Capacity&,
                                                const Engine<float>&, Poll&);
template std::unique_ptr<Plan<double>> make_plan(PlanKind, const Architecture&, const Capacity&,
                                                 const Engine<double>&, Poll&);

int threads_for(PlanKind plan, const Architecture& architecture, std::int64_t rows, bool trains,
                int cap) {
  check_num_threads();  // first: a wrong environment is an error whatever the size of the work
  if (plan == PlanKind::kLayerwise) return 1;
  // The cores that measured it do 100 to 250 floating-point operations a nanosecond. Two threads meet twice a step, at
  // 0.2 to 1 us each time, and fetch from each other what they have written, about as much again; so much work takes a
  // thread some ten microseconds.
  constexpr double kFlopsPerThread = 1e6;
  const double products = trains ? 3 : 1;
  const double flops =
      2 * products * static_cast<double>(architecture.n_parameters()) * static_cast<double>(rows);
  if (flops < 2 * kFlopsPerThread || cap == 1)
    return 1;  // without asking the system for its limits
  const int limit = cap > 0 ? std::min(cap, get_num_threads()) : get_num_threads();
  const std::int64_t most = plan == PlanKind::kNarrow ? narrow_chunks(rows) : kMaxThreads;
  return std::clamp(static_cast<int>(std::min(flops / kFlopsPerThread, static_cast<double>(most))),
                    1, limit);
}

}  // namespace chainrule
