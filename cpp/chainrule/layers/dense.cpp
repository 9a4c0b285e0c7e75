// A dense layer at work: its three products, and what is fused to them.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/layers/dense.h"

#include <stdexcept>

#include "chainrule/activations/list.h"
#include "chainrule/error.h"
#include "chainrule/gemm/gemm.h"
#include "chainrule/kernels/kernel_table.h"
#include "chainrule/layers/initializers.h"
#include "chainrule/layers/width.h"
#include "chainrule/memory/aligned_block.h"

namespace chainrule {

Dense::Dense(const Spec& spec) {
  spec.require(2, 2);
  n_out = layer_width("Dense", "n_out", spec.numbers[0]);
  if (spec.numbers[1] != 0 && spec.numbers[1] != 1) {
    throw std::invalid_argument("Dense: bias must be 0 or 1, got " + text_of(spec.numbers[1]));
  }
  has_bias = spec.numbers[1] != 0;
  activation = Activations::index_of("activation", spec.words[0]);
  initializer = Initializers::index_of("initializer", spec.words[1]);
}

std::int64_t Dense::n_parameters() const {
  return checked_sum(checked_product(n_in, n_out), has_bias ? n_out : 0);
}

template <class T>
void Dense::forward(const Engine<T>& engine, const T* parameters, MatrixView<const T> a_in,
                    MatrixView<T> z, MatrixView<T> a, Poll& poll) const {
  multiply<T>(engine, a_in, weights(parameters), Transposed::kNone, z, poll);
  z.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    engine.kernels->activate(activation, bias(parameters), z.row(first), a.row(first), count,
                             z.cols, z.stride);
  });
}

template <class T>
void Dense::backward(const Engine<T>& engine, const T* parameters, MatrixView<const T> a_in,
                     MatrixView<const T> delta, T* gradient, MatrixView<T> dC_da_in,
                     Poll& poll) const {
  multiply<T>(engine, a_in, delta, Transposed::kLeft, weights(gradient), poll);
  if (has_bias) {
    engine.kernels->sum_over_batch(delta.data, delta.rows, delta.cols, delta.stride,
                                   bias(gradient));
  }
  if (dC_da_in.data)
    multiply<T>(engine, delta, weights(parameters), Transposed::kRight, dC_da_in, poll);
}

template void Dense::forward(const Engine<float>&, const float*, MatrixView<const float>,
                             MatrixView<float>, MatrixView<float>, Poll&) const;
template void Dense::forward(const Engine<double>&, const double*, MatrixView<const double>,
                             MatrixView<double>, MatrixView<double>, Poll&) const;
template void Dense::backward(const Engine<float>&, const float*, MatrixView<const float>,
                              MatrixView<const float>, float*, MatrixView<float>, Poll&) const;
template void Dense::backward(const Engine<double>&, const double*, MatrixView<const double>,
                              MatrixView<const double>, double*, MatrixView<double>, Poll&) const;

}  // namespace chainrule
