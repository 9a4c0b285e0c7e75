// Passes and updates of the plans on panels, and what tells the two ways apart.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/panel_plan.h"

#include <algorithm>

namespace chainrule {
namespace {

// An update that takes longer than Ctrl-C may is made of two: the gradient, which may be interrupted, and the weights,
// which may not. Some 50 ms.
bool is_short(const Architecture& architecture, const Capacity& capacity) {
  constexpr double kLongUpdate = 1e10;  // operations
  return 2.0 * static_cast<double>(architecture.n_parameters()) *
             static_cast<double>(capacity.max_rows) <=
         kLongUpdate;
}

}  // namespace

template <class T>
PanelWay<T> by_rows() {
  PanelWay<T> way;
  way.packs = [](const Capacity& wanted) {
    // From this many on it pays to pack all weights before predictions, too.
    constexpr std::int64_t kManyRows = 256;
    return wanted.trains || wanted.usual_rows >= kManyRows;
  };
  way.rows_at_once = [](const Capacity&) { return kMostRowsOfTile; };
  way.kind = PlanKind::kRows;
  way.run = run_by_rows<T>;
  return way;
}

template <class T>
PanelWay<T> by_columns() {
  PanelWay<T> way;
  way.packs = [](const Capacity& wanted) {
    // To train on a few rows, reading and writing weights takes more time than products: no copies of them.
    constexpr std::int64_t kManyRows = 96;
    return wanted.trains && wanted.usual_rows >= kManyRows;
  };
  way.rows_at_once = [](const Capacity& capacity) { return capacity.max_rows; };
  way.kind = PlanKind::kColumns;
  way.run = run_by_columns<T>;
  return way;
}

template PanelWay<float> by_rows();
template PanelWay<double> by_rows();
template PanelWay<float> by_columns();
template PanelWay<double> by_columns();

template <class T>
PanelPlan<T>::PanelPlan(const PanelWay<T>& way, const Architecture& architecture,
                        const Capacity& capacity, const Engine<T>& engine, Poll& poll)
    : Plan<T>(way.kind, architecture, capacity, engine),
      way_(way),
      has_packed_(way.packs(capacity)),
      fuses_update_(is_short(architecture, capacity)),
      buffers_(architecture, capacity, *engine.kernels, has_packed_, way.rows_at_once(capacity),
               poll),
      update_(buffers_, has_packed_) {}

template <class T>
bool PanelPlan<T>::serves(const Capacity& wanted) const {
  return Plan<T>::serves(wanted) && (has_packed_ || !way_.packs(wanted)) &&
         (!buffers_.scratch(0) || wanted.threads <= buffers_.threads_with_scratch());
}

template <class T>
void PanelPlan<T>::load_weights(T* parameters, const Capacity& wanted, Team& team, Poll& poll) {
  changed_ = false;
  // A plan that packs trains on few rows in the same way as on many.
  const bool packed = way_.packs(wanted) || (has_packed_ && wanted.trains);
  buffers_.load(parameters, packed, wanted.trains, team, poll);
}

template <class T>
void PanelPlan<T>::store(Team& team) {
  if (!changed_) return;
  for (PanelLayer<T>& layer : buffers_.layers) {
    if (layer.weights) layer.weights->store(team);
  }
  changed_ = false;
}

template <class T>
void PanelPlan<T>::predict(const RowSource& x, const Rows& rows, const Noise& noise,
                           MatrixView<T> s, Team& team, Poll& poll) {
  buffers_.begin(rows.size());
  PanelPass<T> pass{buffers_, rows, noise, &x};
  pass.s = s;
  way_.run(pass, team, poll);
}

template <class T>
CostSums PanelPlan<T>::cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) {
  buffers_.begin(rows.size());
  const CostSums sums = buffers_.targets.begin(samples, rows, poll);
  way_.run({buffers_, rows, {}, &samples.x, &samples}, team, poll);
  return buffers_.targets.sum(sums);
}

template <class T>
CostSums PanelPlan<T>::backpropagate(const Batch<T>& batch, Team& team, Poll& poll) {
  buffers_.begin(batch.rows.size());
  const CostSums sums = buffers_.targets.begin(batch.samples, batch.rows, poll);
  way_.run({buffers_, batch.rows, batch.noise, &batch.samples.x, &batch.samples, true}, team, poll);
  return buffers_.targets.sum(sums);
}

template <class T>
void PanelPlan<T>::backpropagate_from(MatrixView<const T> dC_ds, const Batch<T>& batch, Team& team,
                                      Poll& poll) {
  PanelPass<T> pass{buffers_, batch.rows, batch.noise};
  pass.goes_back = true;
  pass.dC_ds = dC_ds;
  way_.run(pass, team, poll);
}

template <class T>
void PanelPlan<T>::gradient(T* gradient, Team& team, Poll& poll) {
  update_.gradient(gradient, team, poll);
}

template <class T>
bool PanelPlan<T>::update_weights(const OptimizerStep<T>* updates, const T* gradient,
                                  const Batch<T>& batch, Team& team) {
  changed_ = buffers_.packed();
  return update_.update(updates, gradient, batch, team, this->penalty_);
}

template class PanelPlan<float>;
template class PanelPlan<double>;

}  // namespace chainrule
