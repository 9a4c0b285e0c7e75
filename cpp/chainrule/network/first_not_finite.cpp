// The second look: forward, cost, backward by the plan that keeps everything; an update by making it again.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/network/first_not_finite.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <new>
#include <type_traits>
#include <vector>

#include "chainrule/network/rows_at_once.h"
#include "chainrule/plan/layerwise_plan.h"
#include "chainrule/plan/step.h"
#include "chainrule/plan/transform_gradient.h"

namespace chainrule {
namespace {

template <class T>
bool all_finite(const T* numbers, std::int64_t count) {
  return std::all_of(numbers, numbers + count, [](T each) { return std::isfinite(each); });
}
template <class T>
bool all_finite(MatrixView<const T> numbers) {
  for (std::int64_t i = 0; i < numbers.rows; ++i) {
    if (!all_finite(numbers.row(i), numbers.cols)) return false;
  }
  return true;
}
template <class T>
bool has_finite(const ParameterBlock& block, const T* gradient) {
  return !block.options.trained || all_finite(gradient + block.offset, block.size());
}

// Layers are counted as in Architecture::layers: the article's layer 1 is the input.
template <class T>
bool look_forward(const LayerwisePlan<T>& plan, FirstNotFinite& first) {
  const auto& layers = plan.architecture().layers;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (all_finite(plan.a(l + 2)) && (layers[l].stage() || all_finite(plan.z(l + 2)))) continue;
    first.where = Where::kForward;
    first.layer = l;
    return true;
  }
  return false;
}

void blame_cost(const Architecture& architecture, FirstNotFinite& first) {
  first.where = Where::kCost;
  first.layer = architecture.layers.size() - 1;
}

// Which part of a cost it was that is not finite, where the outputs are.
template <class T>
void look_at_cost(const Architecture& architecture, const T* parameters, FirstNotFinite& first) {
  blame_cost(architecture, first);
  for (const ParameterBlock& block : architecture.parameters) {
    if (!block.options.penalized()) continue;
    double sum = 0;
    std::for_each_n(parameters + block.offset, block.size(), [&](double w) {
      sum += block.options.l1 * std::fabs(w) + block.options.l2 * w * w;
    });
    if (std::isfinite(sum)) continue;
    first.where = Where::kPenalty;
    first.layer = block.layer;
    return;
  }
}

// From the output down; `plan`: as backpropagate() has left it, or null where its deltas are gone.
template <class T>
bool look_backward(const Architecture& architecture, const LayerwisePlan<T>* plan,
                   const T* gradient, FirstNotFinite& first) {
  for (std::size_t l = architecture.layers.size(); l-- > architecture.first_trained();) {
    bool finite = !plan || all_finite(plan->delta(l + 2));
    for (const ParameterBlock& block : architecture.parameters) {
      if (block.layer == l) finite = finite && has_finite(block, gradient);
    }
    if (finite) continue;
    first.where = Where::kBackward;
    first.layer = l;
    return true;
  }
  return false;
}

// Whether the step of a block fails once more, on copies. What has failed has kept its value and state, so it does; so does a
// number that is finite now and would not be after another such step: one in the last power of two before the end.
template <class T>
bool fails_again(const ParameterBlock& block, const OptimizerStep<T>& update, const T* parameters,
                 const T* gradient, const KernelTable<T>& kernels, Poll& poll) {
  const auto copy_of = [&](const T* flat) {
    AlignedBlock<T> copy(block.size(), poll);
    std::copy_n(flat + block.offset, block.size(), copy.data());
    return copy;
  };
  AlignedBlock<T> weights = copy_of(parameters);
  const AlignedBlock<T> own_gradient = copy_of(gradient);
  std::vector<AlignedBlock<T>> states;
  std::vector<T*> pointers;
  for (int i = 0; i < update.n_states; ++i) {
    states.push_back(copy_of(update.states[i]));
    pointers.push_back(states.back().data());
  }
  OptimizerStep<T> again = update;
  again.states = pointers.data();
  again.average = nullptr;
  UpdateBlock<T> all;
  all.weights = weights.data();
  all.gradient = own_gradient.data();
  all.rows = 1;
  all.cols = block.size();
  return !kernels.update(again, all);
}

template <class T>
bool look_at_update(const FailedStep<T>& step, const T* gradient, FirstNotFinite& first,
                    Poll& poll) {
  bool found = false;
  for (const ParameterBlock& block : step.plan.architecture().parameters) {
    if (!block.options.trained || !fails_again(block, step.updates[block.rate], step.parameters,
                                               gradient, *step.plan.engine().kernels, poll)) {
      continue;
    }
    first.where = Where::kUpdate;
    first.layer = block.layer;  // the last one, as on the way back
    found = true;
  }
  return found;
}

template <class T>
double norm_of(const Architecture& architecture, const T* gradient, const KernelTable<T>& kernels,
               Team& team, Poll& poll) {
  std::vector<double> sums;
  return norm(gradient, architecture.n_parameters(), kernels, sums, team, poll);
}

// A plan that keeps everything, with these parameters loaded, and how it is used: on this thread.
template <class T>
struct Look {
  Look(const Architecture& architecture, T* parameters, std::int64_t rows, bool trains, Poll& poll)
      : capacity{rows, rows, trains, 1}, plan(architecture, capacity, current_engine<T>(), poll) {
    plan.load(parameters, capacity, alone, poll);
  }

  Team alone{1};
  const Capacity capacity;
  LayerwisePlan<T> plan;
};

// The norm of the gradient in double precision, where it is too large for float.
double wide_norm(const FailedStep<float>& step, Team& team, Poll& poll) {
  const Architecture& architecture = step.plan.architecture();
  const Samples<float>& narrow = step.batch.samples;
  Samples<double> samples{
      narrow.x, narrow.y, narrow.y_is_labels, narrow.weight, narrow.class_weight, {}};
  const std::int64_t count = architecture.n_parameters();
  AlignedBlock<double> parameters(count, poll), gradient(count, poll);
  std::copy_n(step.parameters, count, parameters.data());
  Look<double> look(architecture, parameters.data(), step.batch.rows.size(), true, poll);
  value_and_gradient<double>(look.plan, {samples, step.batch.rows, {}, step.batch.noise},
                             gradient.data(), look.alone, poll);
  return norm_of(architecture, gradient.data(), *look.plan.engine().kernels, team, poll);
}

// A step before whose update something was not finite: all weights are those that it began with.
template <class T>
FirstNotFinite look_before_update(const FailedStep<T>& step, MatrixView<T> dC_ds, Team& team,
                                  Poll& poll) {
  const Architecture& architecture = step.plan.architecture();
  const Batch<T>& batch = step.batch;
  Look<T> look(architecture, step.parameters, batch.rows.size(), true, poll);
  if (batch.samples.custom_cost) {
    const MatrixView<T> s = look.plan.outputs(poll).row_range(0, batch.rows.size());
    look.plan.predict(batch.samples.x, batch.rows, batch.noise, s, look.alone, poll);
    look.plan.backpropagate_from(dC_ds, batch, look.alone, poll);
  } else {
    look.plan.backpropagate(batch, look.alone, poll);
  }
  T* const gradient = look.plan.gradient_memory(poll);
  look.plan.gradient(gradient, look.alone, poll);

  FirstNotFinite first;
  if (!look_forward(look.plan, first)) {
    if (!std::isfinite(step.cost)) {
      look_at_cost(architecture, step.parameters, first);
    } else if (!look_backward(architecture, &look.plan, gradient, first)) {
      first.where = Where::kNorm;
    }
  }
  first.gradient_norm = norm_of(architecture, gradient, *look.plan.engine().kernels, team, poll);
  if constexpr (std::is_same_v<T, float>) {
    if (!std::isfinite(*first.gradient_norm) && !batch.samples.custom_cost) {
      first.gradient_norm = wide_norm(step, team, poll);
    }
  }
  return first;
}

template <class T>
FirstNotFinite look_at_step(const FailedStep<T>& step, Team& team, Poll& poll) {
  const Architecture& architecture = step.plan.architecture();
  MatrixView<T> dC_ds;
  if (step.batch.samples.custom_cost) {
    dC_ds = step.plan.output_gradients(poll).row_range(0, step.batch.rows.size());
  }
  FirstNotFinite first;
  if (!step.updates) {
    first = look_before_update(step, dC_ds, team, poll);
  } else {
    const T* const gradient = step.plan.gradient_of_update(team, poll);
    first.gradient_norm = norm_of(architecture, gradient, *step.plan.engine().kernels, team, poll);
    if (!look_backward<T>(architecture, nullptr, gradient, first)) {
      look_at_update(step, gradient, first, poll);
    }
  }
  if (first.where == Where::kBackward && dC_ds.data && !all_finite<T>(dC_ds)) {
    blame_cost(architecture, first);
  }
  return first;
}

template <class T>
FirstNotFinite look_at_samples(const Plan<T>& plan, T* parameters, const Samples<T>& samples,
                               Poll& poll) {
  const Architecture& architecture = plan.architecture();
  const std::int64_t at_once = std::min(samples.size(), kRowsAtOnce);
  Look<T> look(architecture, parameters, at_once, false, poll);
  FirstNotFinite first;
  for (std::int64_t i = 0; i < samples.size(); i += at_once) {
    const Rows rows{nullptr, {i, std::min(i + at_once, samples.size())}};
    const MatrixView<T> s = look.plan.outputs(poll).row_range(0, rows.size());
    look.plan.predict(samples.x, rows, {}, s, look.alone, poll);
    if (look_forward(look.plan, first)) return first;
  }
  look_at_cost(architecture, parameters, first);
  return first;
}

// Without memory for a second look, what happened is still to be said.
template <class Look>
FirstNotFinite if_memory_lasts(Look&& look) {
  try {
    return look();
  } catch (const std::bad_alloc&) {
    return {};
  }
}

}  // namespace

template <class T>
FirstNotFinite first_not_finite(const FailedStep<T>& step, Team& team, Poll& poll) {
  return if_memory_lasts([&] { return look_at_step(step, team, poll); });
}
template FirstNotFinite first_not_finite(const FailedStep<float>&, Team&, Poll&);
template FirstNotFinite first_not_finite(const FailedStep<double>&, Team&, Poll&);

template <class T>
FirstNotFinite first_not_finite(const Plan<T>& plan, T* parameters, const Samples<T>& samples,
                                Poll& poll) {
  return if_memory_lasts([&] { return look_at_samples(plan, parameters, samples, poll); });
}
template FirstNotFinite first_not_finite(const Plan<float>&, float*, const Samples<float>&, Poll&);
template FirstNotFinite first_not_finite(const Plan<double>&, double*, const Samples<double>&,
                                         Poll&);

}  // namespace chainrule
