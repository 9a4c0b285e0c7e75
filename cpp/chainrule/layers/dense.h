// A dense layer: z^(l+1) = W^(l) a^(l) + b^(l), a^(l+1) = f(z^(l+1)), and its way back.
// W is stored as (n_in, n_out), so that forward and weight gradient both stream contiguous rows.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/gemm/engine.h"
#include "chainrule/memory/matrix_view.h"
#include "chainrule/poll.h"
#include "chainrule/spec.h"

namespace chainrule {

struct Dense {
  static constexpr const char* kName = "dense";

  std::int64_t n_in = 0;
  std::int64_t n_out = 0;
  int activation = 0;   // in Activations
  int initializer = 0;  // in Initializers
  bool has_bias = true;
  std::int64_t offset = 0;  // where its parameters start in the flat block

  // numbers: n_out, has bias (0 or 1); words: activation, initializer. n_in and offset come from the network.
  explicit Dense(const Spec& spec);

  std::int64_t n_parameters() const;

  // Views into a block laid out as the parameters: the parameters themselves, or a gradient.
  template <class T>
  MatrixView<T> weights(T* block) const {
    return {block + offset, n_in, n_out};
  }
  template <class T>
  T* bias(T* block) const {
    return has_bias ? block + offset + n_in * n_out : nullptr;
  }

  // a_in (batch, n_in); z, a (batch, n_out).
  template <class T>
  void forward(const Engine<T>& engine, const T* parameters, MatrixView<const T> a_in,
               MatrixView<T> z, MatrixView<T> a, Poll& poll) const;

  // From delta = dC/dz (batch, n_out): dC/dW and dC/db into the gradient block, and dC/da_in (batch, n_in),
  // unless its view is empty because nobody needs it.
  template <class T>
  void backward(const Engine<T>& engine, const T* parameters, MatrixView<const T> a_in,
                MatrixView<const T> delta, T* gradient, MatrixView<T> dC_da_in, Poll& poll) const;
};

}  // namespace chainrule
