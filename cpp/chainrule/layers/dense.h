// A dense layer: z^(l+1) = W^(l) a^(l) + b^(l), a^(l+1) = f(z^(l+1)), and its way back.
// W is stored as (n_in, n_out), so that forward and weight gradient both stream contiguous rows.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/activations/list.h"
#include "chainrule/gemm/engine.h"
#include "chainrule/layers/parameter_blocks.h"
#include "chainrule/memory/matrix_view.h"
#include "chainrule/poll.h"
#include "chainrule/spec.h"

namespace chainrule {

struct Dense {
  static constexpr const char* kName = "dense";

  std::int64_t n_in = 0;
  std::int64_t n_out = 0;
  Activation activation;
  int initializer = 0;  // in Initializers, or kNothingDrawn
  bool has_bias = true;
  TrainingOptions options;

  // The init of a layer whose first parameters the caller supplies: until then they are 0.
  static constexpr const char* kCustomInit = "custom";

  // numbers: n_out, bias (0 or 1, by default 1), those of TrainingOptions; words: init; parts: activation. What comes before it
  // is told by connect().
  explicit Dense(const Spec& spec);

  // Adds W and b to the parameters, of layer number `layer`; `stream` is its place among the dense ones.
  void connect(std::int64_t n_in, std::size_t layer, std::uint32_t stream,
               ParameterBlocks& parameters);

  // Views into a block laid out as the parameters: the parameters themselves, or a gradient.
  template <class T>
  MatrixView<T> weights(T* block) const {
    return {block + offset_, n_in, n_out};
  }
  template <class T>
  T* bias(T* block) const {
    return has_bias ? block + offset_ + n_in * n_out : nullptr;
  }
  // Where W begins in such a block, and its rows with b as one more where there is one.
  std::int64_t offset() const { return offset_; }
  std::int64_t rows_with_bias() const { return n_in + (has_bias ? 1 : 0); }

  // a_in (batch, n_in); z, a (batch, n_out); slope too, f'(z) where slope_reads_z(), or a view of nothing.
  template <class T>
  void forward(const Engine<T>& engine, const T* parameters, MatrixView<const T> a_in,
               MatrixView<T> z, MatrixView<T> a, MatrixView<T> slope, Poll& poll) const;

  // From delta = dC/dz (batch, n_out): dC/da_in (batch, n_in).
  template <class T>
  void backward(const Engine<T>& engine, const T* parameters, MatrixView<const T> delta,
                MatrixView<T> dC_da_in, Poll& poll) const;

  // dC/dW and dC/db into a gradient laid out as the parameters.
  template <class T>
  void gradient(const Engine<T>& engine, MatrixView<const T> a_in, MatrixView<const T> delta,
                T* gradient, Poll& poll) const;

 private:
  std::int64_t offset_ = 0;  // of W in the parameters; b comes next
};

// The spec of a dense layer, for C++ programs.
Spec dense(std::int64_t n_out, const Spec& activation, bool bias = true,
           const std::string& init = "glorot_uniform");
inline Spec dense(std::int64_t n_out, const std::string& activation, bool bias = true,
                  const std::string& init = "glorot_uniform") {
  return dense(n_out, Spec{activation}, bias, init);
}

}  // namespace chainrule
