// The weights of one layer as products on panels read them: packed, W and its transpose, or, where this does not pay, as
// they lie. A training changes packed weights only, and stores them when it ends.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/layers/dense.h"
#include "chainrule/memory/panel_matrix.h"
#include "chainrule/memory/range.h"
#include "chainrule/memory/workspace.h"
#include "chainrule/poll.h"
#include "chainrule/threads/team.h"

namespace chainrule {

// Columns of the widest panel of all targets; a multiple of the others.
constexpr std::int64_t kMaxPanelWidth = 64;

// A product of this many rows or more with weights in place packs these on its way, a block of a quarter of a megabyte at a time:
// the second cache has room for more.
constexpr std::int64_t kRowsToPack = 128;
template <class T>
constexpr std::int64_t kPackedNumbers = (1 << 18) / sizeof(T);

// Some rows of a matrix in panels, and some of its panels: the first of them begins at data.
template <class T>
struct PanelPart {
  T* data;
  std::int64_t row_stride, panel_stride;
};

template <class T>
class PanelWeights {
 public:
  PanelWeights(const Dense& dense, const KernelTable<T>& kernels)
      : dense_(dense),
        kernels_(kernels),
        w_{nullptr, dense.n_in, dense.n_out, kernels.panel_width} {}

  // Memory for packed weights: W, and its transpose if deltas go back through this layer.
  void reserve(bool goes_back, Workspace<T>& workspace);
  // From now on these weights are read, packed or in place; `trains`: with the transpose.
  void load(T* parameters, bool packed, bool trains, Team& team, Poll& poll);
  // Writes packed weights back to the parameters.
  void store(Team& team) const;

  // c = a W for some rows of a and some panels of columns. scratch: (kPackedNumbers,), for many rows only
  void multiply(const PanelMatrix<T>& a, Range rows, Range panels, PanelPart<T> c,
                T* scratch) const;

  // dC/da = delta W^T for some rows and one panel of columns. Where weights are read in place, `delta_transposed` holds
  // delta^T, (n_out, batch), and rows are the whole batch.
  void multiply_back(const PanelMatrix<T>& delta, MatrixView<const T> delta_transposed, Range rows,
                     std::int64_t panel, T* dC_da) const;

  // Where a training finds and changes this element of W, and those after it in its panel; and the way to the next row.
  T* at(std::int64_t k, std::int64_t col) const { return packed_ ? w_.at(k, col) : row(k) + col; }
  std::int64_t row_stride() const { return packed_ ? w_.width : dense_.n_out; }
  WeightRows<T> rows(Range part) const {
    const std::int64_t panel_stride = packed_ ? w_.panel_stride() : kernels_.panel_width;
    return {at(part.begin, 0), row_stride(), panel_stride, part.size(), dense_.n_out};
  }
  // Brings the packed transpose up to date after some rows of W, within one panel, have changed.
  void transpose_rows(Range rows) const;
  // W[j, :] of every neuron j is made at most this long, in the transpose, too.
  void limit_norms(double max_norm, Team& team) const;

 private:
  T* row(std::int64_t k) const { return dense_.weights(parameters_).row(k); }
  template <class Work>
  void divide_panels(const PanelMatrix<T>& matrix, Team& team, Poll& poll, Work&& work) const;
  void multiply_unpacked(PanelProduct<T> product, const PanelMatrix<T>& a, Range rows, Range panels,
                         std::int64_t c_panel_stride, T* scratch) const;

  const Dense& dense_;
  const KernelTable<T>& kernels_;
  T* parameters_ = nullptr;
  bool packed_ = false;
  PanelMatrix<T> w_;   // (n_in, n_out)
  PanelMatrix<T> wt_;  // (n_out, n_in)
};

}  // namespace chainrule
