// One sample through a narrow network, and steps of gradient descent that have one sample each: vectors lie along the
// neurons. A step waits for the one before, so what counts is how soon a number is there: it goes from register to
// register where it can, and is stored in whole vectors where there is room for them, since a load waits long for what
// several stores have written. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/costs.h"
#include "chainrule/kernels/elementwise.h"
#include "chainrule/kernels/narrow_pass.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// Calls body(first neuron, Count<vectors>()) for up to four vectors of a layer's neurons at a time: enough chains to
// fill the time until one has its sum.
template <class V, int kVectors = 4, class Body>
CHAINRULE_INLINE void for_neurons(int64_t n_out, Body&& body, int64_t first = 0) {
  for (; n_out - first > (kVectors - 1) * V::kWidth; first += kVectors * V::kWidth) {
    body(first, Count<kVectors>());
  }
  if constexpr (kVectors > 1) for_neurons<V, kVectors - 1>(n_out, body, first);
}

// z = W a + b of some neurons; use(first neuron of a vector, its z), and what lies beyond the neurons, up to a whole
// vector, is nothing in particular.
template <class V, int kVectors, class Use>
CHAINRULE_INLINE void weigh_inputs(const NarrowLayer<typename V::Number>& layer,
                                   const typename V::Number* a, const typename V::Number* weights,
                                   int64_t first, Use&& use) {
  V sum[kVectors];
  for (V& each : sum) each = V::zero();
  const auto* row = weights + first;
  for (int64_t k = 0; k < layer.n_in; ++k, row += layer.n_out) {
    const V input = V::set(a[k]);
    for (int v = 0; v < kVectors; ++v) sum[v] = fma(input, V::load(row + v * V::kWidth), sum[v]);
  }
  for (int v = 0; v < kVectors; ++v) {
    if (layer.n_rows > layer.n_in) sum[v] = sum[v] + V::load(row + v * V::kWidth);
    use(first + v * V::kWidth, sum[v]);
  }
}

template <class V>
void one_sample_forward(const NarrowPass<typename V::Number>& pass, const typename V::Number* x) {
  using T = typename V::Number;
  for (int l = 0; l < pass.n_layers; ++l) {
    const NarrowLayer<T>& layer = pass.layers[l];
    if (l > 0) x = layer.a;
    const bool output = l + 1 == pass.n_layers;
    T* const a = output ? pass.s : pass.layers[l + 1].a;
    T* const kept_z = output ? pass.z : nullptr;
    T* const slope = output ? pass.z : layer.slope;
    const T* weights = pass.parameters + layer.offset;
    visit_formula<V>(layer.activation, [&](auto member, const auto& f) CHAINRULE_INLINE_LAMBDA {
      constexpr bool kElementwise = decltype(member)::type::kElementwise;
      // By value: what a reference leads to is read again for every neuron.
      const auto use = [f, a, kept_z, slope](int64_t j, V z) {
        if constexpr (kReadsZ<decltype(member)>) {
          f.slope(z).store(slope + j);
        } else if (kept_z) {
          z.store(kept_z + j);
        }
        if constexpr (kElementwise) f.forward(z).store(a + j);
      };
      for_neurons<V>(layer.n_out, [&](int64_t first, auto vectors) {
        weigh_inputs<V, decltype(vectors)::value>(layer, x, weights, first, use);
      });
      if constexpr (!kElementwise) f.forward(Row<V, true>(layer.n_out), pass.z, a);
    });
  }
}

// dC/da of a layer's input, times f': delta of the layer before
template <class V, class Member, class Formula>
CHAINRULE_INLINE void one_sample_delta(const NarrowLayer<typename V::Number>& layer,
                                       const typename V::Number* weights, Member member,
                                       const Formula& f, const typename V::Number* a_or_slope,
                                       typename V::Number* delta_before) {
  const auto* delta = layer.delta;
  for (int64_t first = 0; first < layer.n_in; first += V::kWidth) {
    V sums = V::zero();
    for (int k = 0; k < V::kWidth && first + k < layer.n_in; ++k) {
      const auto* row = weights + (first + k) * layer.n_out;
      V sum = V::zero();
      for (int64_t j = 0; j < layer.n_out; ++j) sum = fma(V::set(row[j]), V::set(delta[j]), sum);
      sums = select(V::first(k), sums, sum);  // lane k and those after it
    }
    (sums * slope_of(member, f, V::load(a_or_slope + first))).store(delta_before + first);
  }
}

// Calls use(offset, at, gradient) for each vector of weights, which may then change: deltas have gone past them.
template <class V, class Use>
CHAINRULE_INLINE void one_sample_backward(const NarrowPass<typename V::Number>& pass,
                                          const typename V::Number* x, const typename V::Number* y,
                                          Use&& use) {
  using T = typename V::Number;
  const NarrowLayer<T>& output = pass.layers[pass.n_layers - 1];
  const Row<V, true> row(output.n_out);
  cost_gradient(*pass.loss, row, pass.z, pass.s, y, *pass.shares, output.delta);
  if (!pass.loss->paired) {
    visit_formula<V>(output.activation, [&](auto member, const auto& f) CHAINRULE_INLINE_LAMBDA {
      const T* a_or_slope = kReadsZ<decltype(member)> ? pass.z : pass.s;
      delta_of(member, f, row, a_or_slope, output.delta, output.delta);
    });
  }
  for (int l = pass.n_layers - 1; l >= pass.first_trained; --l) {
    const NarrowLayer<T>& layer = pass.layers[l];
    if (l > pass.first_trained) {
      const NarrowLayer<T>& before = pass.layers[l - 1];
      visit_formula<V>(before.activation, [&](auto member, const auto& f) CHAINRULE_INLINE_LAMBDA {
        if constexpr (decltype(member)::type::kElementwise) {
          one_sample_delta<V>(layer, pass.parameters + layer.offset, member, f,
                              kReadsZ<decltype(member)> ? before.slope : layer.a, before.delta);
        }
      });
    }
    if (!layer.trained) continue;
    const T* a = l > 0 ? layer.a : x;
    for_neurons<V>(layer.n_out, [&](int64_t first, auto vectors) {
      constexpr int kVectors = decltype(vectors)::value;
      V delta[kVectors];
      for (int v = 0; v < kVectors; ++v) delta[v] = V::load(layer.delta + first + v * V::kWidth);
      int64_t offset = layer.offset;
      for (int64_t k = 0; k < layer.n_rows; ++k, offset += layer.n_out) {
        const V input = V::set(k < layer.n_in ? a[k] : 1);
        for (int v = 0; v < kVectors; ++v) {
          const int64_t j = first + v * V::kWidth;
          if (V::kWidth == 1 || v < kVectors - 1 || layer.n_out - j >= V::kWidth) {
            use(offset, At<V>{j}, input, delta[v]);
          } else {
            use(offset, AtEnd<V>{j, static_cast<int>(layer.n_out - j)}, input, delta[v]);
          }
        }
      }
    });
  }
}

template <class V>
CHAINRULE_INLINE typename V::Number one_sample_cost(const NarrowPass<typename V::Number>& pass,
                                                    const typename V::Number* y) {
  const Row<V, true> row(pass.layers[pass.n_layers - 1].n_out);
  return cost_of(*pass.loss, row, pass.z, pass.s, y);
}

template <class V>
void one_sample_gradient(const NarrowPass<typename V::Number>& pass, const typename V::Number* x,
                         const typename V::Number* y) {
  one_sample_backward<V>(pass, x, y, [&](int64_t offset, auto at, V a, V delta) {
    auto* gradient = pass.gradient + offset;
    at.put(gradient, fma(a, delta, pass.accumulate ? at(gradient) : V::zero()));
  });
}

template <class V>
void pass_sample(const NarrowPass<typename V::Number>& pass) {
  const auto* x = pass.layers[0].a;
  one_sample_forward<V>(pass, x);
  if (pass.costs) *pass.costs = one_sample_cost<V>(pass, pass.y);
  if (pass.gradient) one_sample_gradient<V>(pass, x, pass.y);
}

// The way back, and the step of an optimizer without weight decay, one number at a time: each weight makes its step as soon as
// its gradient is there.
template <class V, class Step, int kStates, class T = typename V::Number>
CHAINRULE_INLINE bool descend_at_once(const NarrowPass<T>& pass, const T* x, const T* y,
                                      const OptimizerStep<T>& update, T* parameters) {
  const Step step(update.constants);
  V not_finite = V::zero();
  one_sample_backward<V>(pass, x, y, [&](int64_t offset, auto at, V a, V delta) {
    const StatesAt<T, kStates> states(update, offset);
    make_step<kStates>(step, NoDecay<V>(), states.of, at, fma(a, delta, V::zero()),
                       parameters + offset, not_finite);
  });
  return all(not_finite == V::zero());
}

// The same of any optimizer. Vectors of weights are best those that lie side by side, whatever rows they belong to: the
// gradient comes first.
template <class V, class Step, int kStates, class T = typename V::Number>
bool descend_by_gradient(const NarrowPass<T>& pass, const T* x, const T* y,
                         const OptimizerStep<T>& update, T* parameters) {
  one_sample_gradient<V>(pass, x, y);
  const auto& last = pass.layers[pass.n_layers - 1];
  UpdateBlock<T> all;
  all.weights = parameters;
  all.gradient = pass.gradient;
  all.rows = 1;
  all.cols = last.offset + last.n_rows * last.n_out;
  return update_with<V, Step, kStates>(update, all);
}

// The steps that are so short that the way of a gradient to memory and back would be a part of them.
template <class V>
using ShortSteps = TypeList<Sgd::Step<V, 0b0>, Sgd::Step<V, 0b1>, Adam::Step<V, 0b011>>;

// Makes steps, one after the other, until one comes out not finite; returns how many were made.
template <class V, class Descend, class T = typename V::Number>
CHAINRULE_INLINE int64_t make_steps(const NarrowPass<T>& pass, const SampleSteps<T>& steps,
                                    Descend&& descend) {
  for (int64_t i = 0; i < steps.count; ++i) {
    const T* x = steps.x + i * steps.x_stride;
    const T* y = steps.y + i * steps.y_stride;
    one_sample_forward<V>(pass, x);
    const T cost = steps.costs[i] = one_sample_cost<V>(pass, y);
    if (cost - cost != 0) return i;  // not finite
    if (!descend(x, y, steps.updates[i])) return i;
  }
  return steps.count;
}

template <class V, class T = typename V::Number>
int64_t train_samples(const NarrowPass<T>& pass, const SampleSteps<T>& steps) {
  int64_t finished = 0;
  auto* by_gradient = descend_by_gradient<V, Sgd::Step<V, 0b0>, 0>;
  bool at_once = false;
  visit_step<V>(*steps.updates, [&](auto step_type, auto n_states) {
    using Step = typename decltype(step_type)::type;
    constexpr int kStates = decltype(n_states)::value;
    by_gradient = descend_by_gradient<V, Step, kStates>;
    if constexpr (V::kWidth == 1 && ShortSteps<V>::template index_of_type<Step>() >= 0) {
      at_once = !steps.updates->decays && !steps.updates->average;
      if (at_once) {
        finished = make_steps<V>(pass, steps, [&](auto... step) CHAINRULE_INLINE_LAMBDA {
          return descend_at_once<V, Step, kStates>(pass, step..., steps.parameters);
        });
      }
    }
  });
  if (at_once) return finished;
  return make_steps<V>(pass, steps, [&](const T* x, const T* y, const OptimizerStep<T>& update) {
    return by_gradient(pass, x, y, update, steps.parameters);
  });
}

template <class V>
constexpr SampleKernels<typename V::Number> make_sample_kernels() {
  return {pass_sample<V>, train_samples<V>};
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
