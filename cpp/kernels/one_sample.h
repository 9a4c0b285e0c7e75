// One sample through a narrow network: vectors lie along the neurons. Stores are of whole vectors where there is room
// for them, since a load waits long for what several stores have written. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/elementwise.h"
#include "kernels/narrow_pass.h"
#include "kernels/product.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// z = W a + b of one layer; what lies in z beyond the neurons, up to a whole vector, is nothing in particular.
template <class V, int kVectors>
void weigh_inputs(const NarrowLayer<typename V::Number>& layer, const typename V::Number* weights,
                  int64_t first, typename V::Number* z) {
  V sum[kVectors];
  for (V& each : sum) each = V::zero();
  const auto* row = weights + first;
  for (int64_t k = 0; k < layer.n_in; ++k, row += layer.n_out) {
    const V a = V::set(layer.a[k]);
    for (int v = 0; v < kVectors; ++v) sum[v] = fma(a, V::load(row + v * V::kWidth), sum[v]);
  }
  for (int v = 0; v < kVectors; ++v) {
    if (layer.n_rows > layer.n_in) sum[v] = sum[v] + V::load(row + v * V::kWidth);
    sum[v].store(z + first + v * V::kWidth);
  }
}

template <class V>
void one_sample_forward(const NarrowPass<typename V::Number>& pass) {
  using T = typename V::Number;
  for (int l = 0; l < pass.n_layers; ++l) {
    const NarrowLayer<T>& layer = pass.layers[l];
    const bool output = l + 1 == pass.n_layers;
    T* z = output ? pass.z : pass.layers[l + 1].a;
    const T* weights = pass.parameters + layer.offset;
    int64_t first = 0;
    for (; layer.n_out - first > 3 * V::kWidth; first += 4 * V::kWidth) {
      weigh_inputs<V, 4>(layer, weights, first, z);
    }
    for (; first < layer.n_out; first += V::kWidth) weigh_inputs<V, 1>(layer, weights, first, z);
    T* a = output ? pass.s : z;
    visit(layer.activation, Activations(), [&](auto member) {
      using Activation = typename decltype(member)::type;
      const Row<V, true> row(layer.n_out);
      if constexpr (Activation::kElementwise) {
        row.for_each([&](auto at) { at.put(a, Activation::forward(at(z))); });
      } else {
        Activation::forward(row, z, a);
      }
    });
  }
}

// dC/da of a layer's input, times f': delta of the layer before
template <class V, class Activation>
void one_sample_delta(const NarrowLayer<typename V::Number>& layer,
                      const typename V::Number* weights, typename V::Number* delta_before) {
  const auto* delta = layer.delta;
  for (int64_t first = 0; first < layer.n_in; first += V::kWidth) {
    V sums = V::zero();
    for (int k = 0; k < V::kWidth && first + k < layer.n_in; ++k) {
      const auto* row = weights + (first + k) * layer.n_out;
      V sum = V::zero();
      for (int64_t j = 0; j < layer.n_out; ++j) sum = fma(V::set(row[j]), V::set(delta[j]), sum);
      sums = select(V::first(k), sums, sum);  // lane k and those after it
    }
    (sums * Activation::slope(V::load(layer.a + first))).store(delta_before + first);
  }
}

template <class V>
void one_sample_backward(const NarrowPass<typename V::Number>& pass) {
  using T = typename V::Number;
  const NarrowLayer<T>& output = pass.layers[pass.n_layers - 1];
  const Row<V, true> row(output.n_out);
  cost_gradient(*pass.loss, row, pass.s, pass.y, *pass.shares, output.delta);
  if (!pass.loss->paired) {
    visit(output.activation, Activations(), [&](auto member) {
      delta_of<typename decltype(member)::type>(row, pass.s, output.delta, output.delta);
    });
  }
  for (int l = pass.n_layers - 1; l >= 0; --l) {
    const NarrowLayer<T>& layer = pass.layers[l];
    Row<V>(layer.n_out).for_each([&](auto at) {
      const V delta = V::load(layer.delta + at.j);
      T* gradient = pass.gradient + layer.offset;
      const auto add = [&](V a) {
        at.put(gradient, fma(a, delta, pass.accumulate ? at(gradient) : V::zero()));
      };
      for (int64_t k = 0; k < layer.n_in; ++k, gradient += layer.n_out) add(V::set(layer.a[k]));
      if (layer.n_rows > layer.n_in) add(V::set(1));
    });
    if (l == 0) return;
    const NarrowLayer<T>& before = pass.layers[l - 1];
    visit(before.activation, Activations(), [&](auto member) {
      using Activation = typename decltype(member)::type;
      if constexpr (Activation::kElementwise) {
        one_sample_delta<V, Activation>(layer, pass.parameters + layer.offset, before.delta);
      }
    });
  }
}

template <class V>
void one_sample(const NarrowPass<typename V::Number>& pass) {
  one_sample_forward<V>(pass);
  const Row<V, true> row(pass.layers[pass.n_layers - 1].n_out);
  if (pass.costs) *pass.costs = cost_of(*pass.loss, row, pass.z, pass.s, pass.y);
  if (pass.gradient) one_sample_backward<V>(pass);
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
