// The choice between the plans.
// SPDX-License-Identifier: BSD-3-Clause
#include "plan/layerwise_plan.h"
#include "plan/plan.h"

namespace chainrule {

template <class T>
std::unique_ptr<Plan<T>> make_plan(const Architecture& architecture, std::int64_t max_batch,
                                   Direction direction) {
  return std::make_unique<LayerwisePlan<T>>(architecture, max_batch, direction);
}
template std::unique_ptr<Plan<float>> make_plan(const Architecture&, std::int64_t, Direction);
template std::unique_ptr<Plan<double>> make_plan(const Architecture&, std::int64_t, Direction);

}  // namespace chainrule
