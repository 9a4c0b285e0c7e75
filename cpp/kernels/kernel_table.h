// The complete list of the kernels: loops over whole matrices and blocks, each with its contract.
// Members of a family are told by their number in the family's list; the formulas stand with the members.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "losses/loss.h"
#include "memory/matrix_view.h"

namespace chainrule::kernels {

// z += b for every row, then a = f(z). z, a: (batch, n_out), not overlapping; bias: (n_out,) or null.
template <class T>
void add_bias_and_activate(int activation, const T* bias, MatrixView<T> z, MatrixView<T> a);

// delta = dC/da f'(z), for softmax with its whole Jacobian. All (batch, n); delta may be dC_da itself.
template <class T>
void activation_backward(int activation, MatrixView<const T> z, MatrixView<const T> a,
                         MatrixView<const T> dC_da, MatrixView<T> delta);

// sum_i weight_i C_i over the batch, in the order of the rows, each C_i in T and the sum in double. z, s are the
// output layer's (batch, n_out), y the targets of the same shape, weights: (batch,).
template <class T>
double weighted_cost(const Loss& loss, MatrixView<const T> z, MatrixView<const T> s,
                     MatrixView<const T> y, const double* weights);

// dC/ds, or delta itself where the loss is paired with the output's activation, for C = sum_i share_i C_i.
// s, y, gradient: (batch, n_out); shares: (batch,).
template <class T>
void cost_backward(const Loss& loss, MatrixView<const T> s, MatrixView<const T> y, const T* shares,
                   MatrixView<T> gradient);

// sum[j] = sum_i delta[i, j], in the order of the rows. delta: (batch, n), sum: (n,)
template <class T>
void sum_over_batch(MatrixView<const T> delta, T* sum);

template <class T>
bool all_finite(const T* values, std::int64_t count);

// One step of an optimizer: which one, its numbers, and its state beside the parameters.
template <class T>
struct Update {
  int optimizer = 0;  // in Optimizers
  const double* numbers = nullptr;
  std::int64_t step = 1;  // counts from 1
  T* const* states = nullptr;
};

// w := w - ... for every parameter, from its gradient and state. Where a weight or its state would not be finite,
// nothing is changed and false is returned. w, g and each state: (count,), not overlapping.
template <class T>
bool update_parameters(const Update<T>& update, T* w, const T* g, std::int64_t count);

}  // namespace chainrule::kernels
