// The complete list of the kernels, each with its contract. The loops stand in the other files of this folder, written
// once and compiled for every CPU target; a table holds one target's.
// Members of a family come as their index in the family's list and their numbers; the formulas stand with the members.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/activations/list.h"
#include "chainrule/gradients/list.h"
#include "chainrule/kernels/narrow_pass.h"
#include "chainrule/kernels/stage_rows.h"
#include "chainrule/losses/loss.h"
#include "chainrule/optimizers/list.h"

namespace chainrule {

// How a product reads its left side a(i, k), and its right side b(k, j) for one panel of columns.
//   kRows     a lies in panels, row i, in steps along the row    forward and input gradient
//   kColumns  a(i, k) = a[i + k * a_step]                        weight gradient
//   kStrided  a(i, k) = a[i * a_row_stride + k * a_step]         anything else
enum class Access { kRows, kColumns, kStrided };

// What will be read after a product: rows as wide as a panel, of some matrices. They are fetched from memory a few at a
// time while the product is computed, since more would have to wait for one another.
template <class T>
struct Ahead {
  static constexpr int kMost = 4;
  std::int64_t rows = 0;
  int n_matrices = 0;
  const T* matrix[kMost] = {};
  std::int64_t stride[kMost] = {};

  void add(const T* first, std::int64_t row_stride) {
    matrix[n_matrices] = first;
    stride[n_matrices++] = row_stride;
  }
};

// c(i, j) = sum_k a(i, k) b(k, j) for `rows` rows and one panel of up to panel_width columns. Each element is one chain
// of fused multiply-adds in the order of k, whatever the tiles; with `accumulate` the chain goes on from c.
template <class T>
struct PanelProduct {
  Access access = Access::kRows;
  // kRows: the first row's place in panel 0; panels lie a_panel_stride elements apart.
  // Else: a(0, 0).
  const T* a = nullptr;
  std::int64_t a_panel_stride = 0;
  std::int64_t a_row_stride = 0, a_step = 0;
  const T* b = nullptr;  // row k at b + k * b_stride, readable up to a whole vector
  std::int64_t b_stride = 0;
  T* c = nullptr;
  std::int64_t c_stride = 0;
  std::int64_t rows = 0, depth = 0, cols = 0;
  bool accumulate = false;
  Ahead<T> ahead;
};

// One step of an optimizer: which one, its weight decay, the constants of its formula, and its state beside the parameters.
template <class T>
struct OptimizerStep {
  int optimizer = 0;       // in Optimizers
  unsigned state_set = 0;  // in kStateSets
  int n_states = 0;        // in this set
  bool decays = false;     // as of a WeightDecay, and the same in every step of a session
  T decay_adds = 0, decay_keeps = 1;
  T constants[kMostConstants] = {};
  T* const* states = nullptr;
  // Of the weights, if there is any: average := average_keeps average + average_adds w with the new w.
  T* average = nullptr;
  T average_keeps = 0, average_adds = 1;

  // The formula of a member's step number `number`, counted from 1.
  template <class Member>
  void set_formula(const double* numbers, std::int64_t number, const double* running) {
    const WeightDecay decay = Member::weight_decay(numbers);
    decays = decay.any;
    decay_adds = static_cast<T>(decay.adds);
    decay_keeps = static_cast<T>(decay.keeps);
    const auto values = Running<Member>::constants(numbers, number, running);
    for (std::size_t i = 0; i < values.size(); ++i) constants[i] = static_cast<T>(values[i]);
  }
};

// A gradient transform: which one, and the constants of its formula.
template <class T>
struct GradientStep {
  int transform = 0;  // in GradientTransforms
  T constants[kMostConstantsOf<GradientTransforms>] = {};
};

// Some rows of the weights (or the bias, as one row) that an update is made for.
template <class T>
struct UpdateBlock {
  T* weights = nullptr;
  std::int64_t weights_stride = 0;  // from row to row
  std::int64_t offset = 0;          // of the first weight's state, in each array of states
  std::int64_t stride = 0;          // from row to row there
  const T* gradient = nullptr;
  std::int64_t gradient_stride = 0;
  std::int64_t rows = 0, cols = 0;
};

// Some rows of W, contiguous or in panels: element (i, j) lies at i * row_stride + j / panel_width * panel_stride +
// j % panel_width.
template <class T>
struct WeightRows {
  const T* first = nullptr;
  std::int64_t row_stride = 0, panel_stride = 0;
  std::int64_t rows = 0, cols = 0;
};

// Some steps of gradient descent, each with the gradient of one sample.
template <class T>
struct SampleSteps {
  std::int64_t count = 0;
  const T* x = nullptr;  // (count, n_in), rows x_stride elements apart
  const T* y = nullptr;  // (count, n_out)
  std::int64_t x_stride = 0, y_stride = 0;
  T* parameters = nullptr;                    // the pass reads them, too
  const OptimizerStep<T>* updates = nullptr;  // (count,), of one optimizer
  T* costs = nullptr;                         // (count,), each before its update
};

// One sample at a time through a narrow network.
template <class T>
struct SampleKernels {
  // Forward and, as far as the pass has places for them, to the cost and the gradient.
  void (*pass)(const NarrowPass<T>& pass);

  // Returns how many steps came out finite, the first of all. After a cost that is not finite no weight changes; in a
  // step that is not finite otherwise, the weights that are.
  std::int64_t (*train)(const NarrowPass<T>& pass, const SampleSteps<T>& steps);
};

template <class T>
struct KernelTable {
  // Columns in a panel: the widest tile that keeps its sums in registers. A multiple of the vector's width.
  int panel_width;
  int vector_width;

  void (*multiply_panel)(const PanelProduct<T>& product);

  // c(j) = sum_k a(k) b(k, j) for `cols` columns, in the same chains: one row of a, b not packed.
  void (*multiply_row)(const T* a, std::int64_t depth, const T* b, std::int64_t b_stride,
                       std::int64_t cols, T* c);

  // to(r, c) = from(r, c) and to(c, r) = from(r, c); rows `from_stride` and `to_stride` elements apart.
  void (*copy_block)(const T* from, std::int64_t from_stride, std::int64_t rows, std::int64_t cols,
                     T* to, std::int64_t to_stride);
  void (*transpose_block)(const T* from, std::int64_t from_stride, std::int64_t rows,
                          std::int64_t cols, T* to, std::int64_t to_stride);

  // a = f(z + bias) for every row; z keeps z + bias unless it is a or gets the slope. bias: (cols,) or null. slope =
  // f'(z + bias) where slope_reads_z() and it is not null; it may be z. Rows lie `stride` apart in all.
  void (*activate)(const Activation& activation, const T* bias, T* z, T* a, T* slope,
                   std::int64_t rows, std::int64_t cols, std::int64_t stride);

  // delta = dC/da f'(z), for softmax with its whole Jacobian, from a, or from f' where slope_reads_z(). delta may be dC_da
  // itself.
  void (*activation_backward)(const Activation& activation, const T* a_or_slope, const T* dC_da,
                              T* delta, std::int64_t rows, std::int64_t cols, std::int64_t stride);

  // costs[i] = C_i for each row of the output layer's z and s and the targets y.
  void (*costs)(const Loss& loss, const T* z, const T* s, const T* y, std::int64_t rows,
                std::int64_t cols, std::int64_t stride, double* costs);

  // dC/ds, or delta itself where the loss is paired with the output's activation, for C = sum_i shares[i] C_i.
  // `gradient` overlaps neither z nor s.
  void (*cost_backward)(const Loss& loss, const T* z, const T* s, const T* y, const T* shares,
                        std::int64_t rows, std::int64_t cols, std::int64_t stride, T* gradient);

  // A stage between dense layers: out from in; dC/d(in) from dC/d(out), after it; and, for vector `of` of those that it trains,
  // sum[j] = dC/d(element j), summed in the order of the samples, for columns of one panel.
  void (*stage_forward)(const StageRows<T>& rows);
  void (*stage_backward)(const StageRows<T>& rows);
  void (*stage_gradient)(const StageRows<T>& rows, int of, T* sum);

  // sum[j] = delta[0, j] + delta[1, j] + ..., in the order of the rows.
  void (*sum_over_batch)(const T* delta, std::int64_t rows, std::int64_t cols, std::int64_t stride,
                         T* sum);

  // sum[j] = rows[0, j] + rows[1, j] + ... of up to 16 rows, in the tree of kernels/lanes.h. sum may be the first row.
  void (*sum_rows)(const T* rows, std::int64_t n_rows, std::int64_t cols, std::int64_t stride,
                   T* sum);

  // Several samples forward through a narrow network and, as far as the pass has places for them, to their costs and
  // gradient.
  void (*narrow_pass)(const NarrowPass<T>& pass);
  SampleKernels<T> one_sample;

  bool (*all_finite)(const T* values, std::int64_t count);

  // sum_i (scale g_i)^2 and max_i |g_i|, in the lanes of kernels/lanes.h; a NaN counts for nothing in a maximum.
  T (*sum_of_squares)(const T* gradient, std::int64_t count, T scale);
  T (*largest_magnitude)(const T* gradient, std::int64_t count);
  void (*transform_gradient)(const GradientStep<T>& step, T* gradient, std::int64_t count);
  // y := alpha x + beta y; where beta is 0, y is not read.
  void (*axpby)(T alpha, const T* x, T beta, T* y, std::int64_t count);

  // w := w - ... for the weights of a block, from their gradient and state. A weight that would not be finite keeps its
  // value and its state, and false is returned.
  bool (*update)(const OptimizerStep<T>& update, const UpdateBlock<T>& block);

  // sums[i] = l1 sum_j |w_ij| + l2 sum_j w_ij^2, in the lanes of kernels/lanes.h.
  void (*penalties)(const WeightRows<T>& rows, double l1, double l2, double* sums);
  // gradient := gradient + l1 sign(w) + 2 l2 w, sign(0) = 0.
  void (*add_penalty_slopes)(T l1, T l2, const T* w, std::int64_t w_stride, std::int64_t rows,
                             std::int64_t cols, T* gradient, std::int64_t gradient_stride);
  // sums[j] = w[0, j]^2 + w[1, j]^2 + ..., one chain of fused multiply-adds; and w[i, j] := w[i, j] factors[j].
  void (*column_squares)(const T* w, std::int64_t rows, std::int64_t cols, std::int64_t stride,
                         T* sums);
  void (*scale_columns)(T* w, std::int64_t rows, std::int64_t cols, std::int64_t stride,
                        const T* factors);

  // For measurements: `rounds` times multiply_adds_per_round fused multiply-adds of single numbers, from registers to
  // registers, in chains that do not wait for one another. What it returns depends on all of them.
  int multiply_adds_per_round;
  T (*multiply_add)(std::int64_t rounds);
};

}  // namespace chainrule
