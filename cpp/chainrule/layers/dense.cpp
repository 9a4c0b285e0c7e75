// A dense layer at work: its three products, and what is fused to them.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/layers/dense.h"

#include <stdexcept>

#include "chainrule/error.h"
#include "chainrule/gemm/gemm.h"
#include "chainrule/kernels/kernel_table.h"
#include "chainrule/layers/initializers.h"
#include "chainrule/layers/width.h"

namespace chainrule {

Dense::Dense(const Spec& whole) {
  Spec spec = whole;
  options = TrainingOptions::take_from(spec, "Dense: ", true);
  spec.require_known({"n_out", "bias"}, {"init"}, {"activation"});
  n_out = layer_width("Dense", "n_out", spec.number("n_out"));
  const double bias = spec.number("bias", 1);
  if (bias != 0 && bias != 1) {
    throw std::invalid_argument("Dense: bias must be 0 or 1, got " + text_of(bias));
  }
  has_bias = bias != 0;
  activation = choose<Activations>("activation", spec.part("activation", {Identity::kName}));
  const std::string init = spec.word("init", GlorotUniform::kName);
  initializer = init == kCustomInit ? ParameterBlock::kNothingDrawn
                                    : Initializers::index_of("initializer", init);
}

Spec dense(std::int64_t n_out, const Spec& activation, bool bias, const std::string& init) {
  return {Dense::kName,
          {{"n_out", static_cast<double>(n_out)}, {"bias", bias ? 1.0 : 0.0}},
          {{"init", init}},
          {{"activation", activation}}};
}

void Dense::connect(std::int64_t n_in_, std::size_t layer, std::uint32_t stream,
                    ParameterBlocks& parameters) {
  n_in = n_in_;
  ParameterBlock block;
  block.role = Role::kWeights;
  block.layer = layer;
  block.rows = block.fan_in = n_in;
  block.cols = block.fan_out = n_out;
  block.initializer = initializer;
  block.stream = stream;
  block.take(options);
  offset_ = parameters.add(block);
  if (!has_bias) return;
  block.role = Role::kBias;
  block.rows = 1;
  block.take(options);
  parameters.add(block);
}

template <class T>
void Dense::forward(const Engine<T>& engine, const T* parameters, MatrixView<const T> a_in,
                    MatrixView<T> z, MatrixView<T> a, MatrixView<T> slope, Poll& poll) const {
  multiply<T>(engine, a_in, weights(parameters), Transposed::kNone, z, poll);
  z.in_blocks(poll, [&](std::int64_t first, std::int64_t count) {
    engine.kernels->activate(activation, bias(parameters), z.row(first), a.row(first),
                             slope.data ? slope.row(first) : nullptr, count, z.cols, z.stride);
  });
}

template <class T>
void Dense::backward(const Engine<T>& engine, const T* parameters, MatrixView<const T> delta,
                     MatrixView<T> dC_da_in, Poll& poll) const {
  multiply<T>(engine, delta, weights(parameters), Transposed::kRight, dC_da_in, poll);
}

template <class T>
void Dense::gradient(const Engine<T>& engine, MatrixView<const T> a_in, MatrixView<const T> delta,
                     T* gradient, Poll& poll) const {
  multiply<T>(engine, a_in, delta, Transposed::kLeft, weights(gradient), poll);
  if (has_bias) {
    engine.kernels->sum_over_batch(delta.data, delta.rows, delta.cols, delta.stride,
                                   bias(gradient));
  }
}

template void Dense::forward(const Engine<float>&, const float*, MatrixView<const float>,
                             MatrixView<float>, MatrixView<float>, MatrixView<float>, Poll&) const;
template void Dense::forward(const Engine<double>&, const double*, MatrixView<const double>,
                             MatrixView<double>, MatrixView<double>, MatrixView<double>,
                             Poll&) const;
template void Dense::backward(const Engine<float>&, const float*, MatrixView<const float>,
                              MatrixView<float>, Poll&) const;
template void Dense::backward(const Engine<double>&, const double*, MatrixView<const double>,
                              MatrixView<double>, Poll&) const;
template void Dense::gradient(const Engine<float>&, MatrixView<const float>,
                              MatrixView<const float>, float*, Poll&) const;
template void Dense::gradient(const Engine<double>&, MatrixView<const double>,
                              MatrixView<const double>, double*, Poll&) const;

}  // namespace chainrule
