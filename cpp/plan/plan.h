// A plan carries batches through a network and back. It is made once for (network, largest batch) and reused; it
// owns all working memory, so one plan serves one caller at a time.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>

#include "gemm/engine.h"
#include "kernels/kernel_table.h"
#include "layers/architecture.h"
#include "plan/samples.h"
#include "poll.h"
#include "threads/team.h"

namespace chainrule {

// How far a plan goes: predictions and costs need the first only.
enum class Direction { kForward, kForwardAndBackward };

template <class T>
class Plan {
 public:
  virtual ~Plan() = default;

  explicit Plan(const Engine<T>& engine) : engine_(engine) {}

  virtual bool serves(std::int64_t batch, Direction direction) const = 0;
  const Engine<T>& engine() const { return engine_; }

  // Comes before the calls below, for as far as they go, and again whenever somebody else may have changed the
  // parameters.
  virtual void load(const T* parameters, Direction direction) = 0;

  // s = the network's output for x[rows]; s: (batch, n_out)
  virtual void predict(const ArrayView& x, const Rows& rows, MatrixView<T> s, Team& team,
                       Poll& poll) = 0;

  virtual CostSums cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) = 0;

  // The cost, and its gradient in a block laid out as the parameters.
  virtual CostSums value_and_gradient(const Samples<T>& samples, const Rows& rows, T* gradient,
                                      Team& team, Poll& poll) = 0;

  struct Step {
    CostSums cost;  // before the update
    // False where cost, gradient or a new weight is not finite; the parameters then are the last finite ones.
    bool finite = true;
  };
  // One update of the loaded parameters, which are passed once more to be written. The poll's hook runs only before
  // the first parameter changes.
  virtual Step train_step(T* parameters, const Samples<T>& samples, const Rows& rows,
                          const Update<T>& update, Team& team, Poll& poll) = 0;

 protected:
  const Engine<T> engine_;
};

enum class PlanKind { kLayerwise, kNarrow, kRows, kColumns };
const char* plan_name(PlanKind kind);

template <class T>
PlanKind choose_plan(const Architecture& architecture, std::int64_t max_batch,
                     const Engine<T>& engine);

// The plan that suits the network and the batch, which may have up to `max_batch` rows.
template <class T>
std::unique_ptr<Plan<T>> make_plan(const Architecture& architecture, std::int64_t max_batch,
                                   Direction direction, const Engine<T>& engine);

// How many threads a team for passes of so many rows should have, at most `cap` (0: no cap).
int threads_for(PlanKind plan, const Architecture& architecture, std::int64_t rows,
                Direction direction, int cap);

}  // namespace chainrule
