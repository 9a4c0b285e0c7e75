// A plan carries batches through a network and back. It is made once for (network, largest batch) and reused; it
// owns all working memory, so one plan serves one caller at a time.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "chainrule/gemm/engine.h"
#include "chainrule/kernels/kernel_table.h"
#include "chainrule/layers/architecture.h"
#include "chainrule/plan/samples.h"
#include "chainrule/poll.h"
#include "chainrule/threads/team.h"

namespace chainrule {

// How far a plan goes: predictions and costs need the first only.
enum class Direction { kForward, kForwardAndBackward };

// The passes that a plan is made or used for.
struct Passes {
  std::int64_t max_rows = 0;
  std::int64_t usual_rows = 0;  // what most have: to choose by, not to rely on
  Direction direction = Direction::kForward;
  int threads = 1;  // of the team at most
};

template <class T>
class Plan {
 public:
  virtual ~Plan() = default;

  Plan(const Passes& passes, const Engine<T>& engine) : passes_(passes), engine_(engine) {}

  virtual bool serves(const Passes& passes) const {
    return passes.max_rows <= passes_.max_rows && passes.direction <= passes_.direction;
  }
  const Engine<T>& engine() const { return engine_; }
  const Passes& passes() const { return passes_; }

  // Comes before the calls below, and again whenever somebody else may have changed the parameters.
  virtual void load(T* parameters, const Passes& passes, Team& team, Poll& poll) = 0;
  // Comes after the last train_step, and before somebody else may read the parameters: a plan may keep those that it
  // trains to itself in between.
  virtual void store(Team& /*team*/) {}

  // s = the network's output for x[rows]; s: (batch, n_out)
  virtual void predict(const ArrayView& x, const Rows& rows, MatrixView<T> s, Team& team,
                       Poll& poll) = 0;

  virtual CostSums cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) = 0;

  // The cost, and its gradient in a block laid out as the parameters.
  virtual CostSums value_and_gradient(const Samples<T>& samples, const Rows& rows, T* gradient,
                                      Team& team, Poll& poll) = 0;

  // The rows of the call of train_steps() after the next one: a plan may have their x fetched into the cache meanwhile.
  void expect(const Rows& rows) { expected_ = rows; }

  struct Step {
    CostSums cost;  // before the update
    // False where cost, gradient or a new weight is not finite; the parameters then are the last finite ones.
    bool finite = true;
  };
  // One update of the loaded parameters. The poll's hook runs only before the first of them changes.
  virtual Step train_step(const Samples<T>& samples, const Rows& rows, const Update<T>& update,
                          Team& team, Poll& poll) = 0;

  // Several steps, one after the other.
  struct Steps {
    static constexpr std::int64_t kMost = 16;
    std::array<Update<T>, kMost> updates;
    std::array<CostSums, kMost> costs;  // of those begun, each before its update
    std::int64_t begun = 0;  // all of them, or as many as it took to one that is not finite
    bool finite = true;      // the last one begun
  };
  // How many steps train_steps() makes at a time: more than one where the work around a step takes as long.
  virtual std::int64_t steps_at_once(const Samples<T>& /*samples*/, std::int64_t /*batch*/) const {
    return 1;
  }
  // Steps of `batch` rows each, the last one maybe of fewer.
  virtual void train_steps(const Samples<T>& samples, const Rows& rows, std::int64_t /*batch*/,
                           Steps& steps, Team& team, Poll& poll) {
    const Step step = train_step(samples, rows, steps.updates[0], team, poll);
    steps.costs[0] = step.cost;
    steps.begun = 1;
    steps.finite = step.finite;
  }

 protected:
  bool trains() const { return passes_.direction == Direction::kForwardAndBackward; }

  const Passes passes_;
  Rows expected_;
  const Engine<T> engine_;
};

enum class PlanKind { kLayerwise, kNarrow, kRows, kColumns };
const char* plan_name(PlanKind kind);

// The plan that suits the network.
template <class T>
PlanKind choose_plan(const Architecture& architecture, const Engine<T>& engine);

template <class T>
std::unique_ptr<Plan<T>> make_plan(const Architecture& architecture, const Passes& passes,
                                   const Engine<T>& engine, Poll& poll);

// How many threads a team for passes of so many rows should have, at most `cap` (0: no cap).
int threads_for(PlanKind plan, const Architecture& architecture, std::int64_t rows,
                Direction direction, int cap);

}  // namespace chainrule
