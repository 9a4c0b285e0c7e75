// A narrow network, some samples at a time: vectors lie along the samples, so that a layer of two neurons fills them as
// well as one of sixty-four, and weights are read in place. One call carries the samples forward, through the
// cost and back to the gradient. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/costs.h"
#include "chainrule/kernels/elementwise.h"
#include "chainrule/kernels/narrow_pass.h"
#include "chainrule/kernels/one_sample.h"
#include "chainrule/kernels/product.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// c (rows, n_samples), and what lies between there and a whole vector; b and c with `stride` from row to row
template <class V, Access kAccess>
void multiply_samples(PanelProduct<typename V::Number> p, int64_t n_samples) {
  constexpr int64_t kPanel = kPanelWidth<V>;
  n_samples = (n_samples + V::kWidth - 1) / V::kWidth * V::kWidth;
  for (; n_samples > 0; n_samples -= kPanel, p.b += kPanel, p.c += kPanel) {
    p.cols = n_samples < kPanel ? n_samples : kPanel;
    multiply_vectors<V, kAccess, kTileVectors<V>>(p);
  }
}

// For vectors of samples side by side: body(first sample)
template <class V, class Body>
CHAINRULE_INLINE void for_samples(int64_t n_samples, Body&& body) {
  for (int64_t i = 0; i < n_samples; i += V::kWidth) body(i);
}

template <class V>
void narrow_forward(const NarrowPass<typename V::Number>& pass) {
  using T = typename V::Number;
  for (int l = 0; l < pass.n_layers; ++l) {
    const NarrowLayer<T>& layer = pass.layers[l];
    const bool output = l + 1 == pass.n_layers;
    PanelProduct<T> product;
    product.a = pass.parameters + layer.offset;
    product.a_step = layer.n_out;
    product.b = layer.a;
    T* const a = output ? pass.s : pass.layers[l + 1].a;
    product.c = output ? pass.z : layer.slope ? layer.slope : a;
    product.b_stride = product.c_stride = pass.stride;
    product.rows = layer.n_out;
    product.depth = layer.n_rows;
    multiply_samples<V, Access::kColumns>(product, pass.n_samples);
    const RowsSideBySide<V> row(layer.n_out, pass.stride);
    visit_formula<V>(layer.activation, [&](auto member, const auto& f) {
      for_samples<V>(pass.n_samples, [&](int64_t i) {
        T* z = product.c + i;
        if constexpr (decltype(member)::type::kElementwise) {
          row.for_each([&](auto at) {
            const V sum = at(z);
            if constexpr (kReadsZ<decltype(member)>) {
              if (pass.gradient) return put_with_slope(f, sum, at, a + i, z);
            }
            at.put(a + i, f.forward(sum));
          });
        } else {
          f.forward(row, z, a + i);
        }
      });
    });
  }
}

// dC/dz of the output layer
template <class V>
void narrow_output_delta(const NarrowPass<typename V::Number>& pass) {
  using T = typename V::Number;
  const NarrowLayer<T>& layer = pass.layers[pass.n_layers - 1];
  const RowsSideBySide<V> row(layer.n_out, pass.stride);
  for_samples<V>(pass.n_samples, [&](int64_t i) {
    T* delta = layer.delta + i;
    cost_gradient(*pass.loss, row, pass.z + i, pass.s + i, pass.y + i, V::load(pass.shares + i),
                  delta);
    if (pass.loss->paired) return;
    visit_formula<V>(layer.activation, [&](auto member, const auto& f) {
      delta_of(member, f, row, (kReadsZ<decltype(member)> ? pass.z : pass.s) + i, delta, delta);
    });
  });
}

// dC/dW and dC/db of a layer
template <class V>
void narrow_gradient(const NarrowPass<typename V::Number>& pass,
                     const NarrowLayer<typename V::Number>& layer) {
  using T = typename V::Number;
  PanelProduct<T> gradient;
  gradient.a = layer.a;
  gradient.a_row_stride = pass.stride;
  gradient.a_step = 1;
  const T* delta = layer.delta;  // (samples, 1), where there is one neuron
  if (layer.n_out > 1) {
    transpose_block<V>(layer.delta, pass.stride, layer.n_out, pass.n_samples, layer.delta_by_sample,
                       layer.delta_stride);
    delta = layer.delta_by_sample;
  }
  gradient.b_stride = layer.delta_stride;
  gradient.c_stride = layer.n_out;
  gradient.rows = layer.n_rows;
  gradient.depth = pass.n_samples;
  gradient.accumulate = pass.accumulate;
  for (int64_t col = 0; col < layer.n_out; col += kPanelWidth<V>) {
    gradient.b = delta + col;
    gradient.c = pass.gradient + layer.offset + col;
    gradient.cols = layer.n_out - col < kPanelWidth<V> ? layer.n_out - col : kPanelWidth<V>;
    multiply_vectors<V, Access::kStrided, kTileVectors<V>>(gradient);
  }
}

template <class V>
void narrow_backward(const NarrowPass<typename V::Number>& pass) {
  using T = typename V::Number;
  narrow_output_delta<V>(pass);
  for (int l = pass.n_layers - 1; l >= 0; --l) {
    const NarrowLayer<T>& layer = pass.layers[l];
    if (layer.trained) narrow_gradient<V>(pass, layer);
    if (l == pass.first_trained) return;
    const NarrowLayer<T>& before = pass.layers[l - 1];
    PanelProduct<T> product;
    product.a = pass.parameters + layer.offset;
    product.a_row_stride = layer.n_out;
    product.a_step = 1;
    product.b = layer.delta;
    product.c = before.delta;
    product.b_stride = product.c_stride = pass.stride;
    product.rows = layer.n_in;
    product.depth = layer.n_out;
    multiply_samples<V, Access::kStrided>(product, pass.n_samples);
    const RowsSideBySide<V> row(layer.n_in, pass.stride);
    visit_formula<V>(before.activation, [&](auto member, const auto& f) {
      const T* a_or_slope = kReadsZ<decltype(member)> ? before.slope : layer.a;
      for_samples<V>(pass.n_samples, [&](int64_t i) {
        T* delta = before.delta + i;
        delta_of(member, f, row, a_or_slope + i, delta, delta);
      });
    });
  }
}

template <class V>
void narrow_pass(const NarrowPass<typename V::Number>& pass) {
  narrow_forward<V>(pass);
  if (pass.costs) {
    const RowsSideBySide<V> row(pass.layers[pass.n_layers - 1].n_out, pass.stride);
    for_samples<V>(pass.n_samples, [&](int64_t i) {
      cost_of(*pass.loss, row, pass.z + i, pass.s + i, pass.y + i).store(pass.costs + i);
    });
  }
  if (pass.gradient) narrow_backward<V>(pass);
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
