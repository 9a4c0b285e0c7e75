// Packing, and the two products that read weights.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/panels/weights.h"

#include <algorithm>
#include <atomic>

#include "chainrule/plan/max_norm.h"

namespace chainrule {

template <class T>
void PanelWeights<T>::reserve(bool goes_back, Workspace<T>& workspace) {
  workspace.reserve(w_.size(), w_.data);
  if (!goes_back) return;
  wt_ = {nullptr, dense_.n_out, dense_.n_in, kernels_.panel_width};
  workspace.reserve(wt_.size(), wt_.data);
}

// Calls work(first column, columns) for all panels, some on each thread.
template <class T>
template <class Work>
void PanelWeights<T>::divide_panels(const PanelMatrix<T>& matrix, Team& team, Poll& poll,
                                    Work&& work) const {
  constexpr std::int64_t kShared =
      1 << 16;  // elements; less is done before another thread has heard of it
  const auto do_part = [&](int index, int count) {
    const Range part = part_of({0, matrix.panels()}, index, count);
    for (std::int64_t panel = part.begin; panel < part.end; ++panel) {
      work(panel * matrix.width, matrix.cols_of_panel(panel));
      if (team.on_callers_thread()) poll();
      if (team.cancelled()) return;
    }
  };
  matrix.size() < kShared ? do_part(0, 1) : team.run(do_part, &poll);
}

template <class T>
void PanelWeights<T>::load(T* parameters, bool packed, bool trains, Team& team, Poll& poll) {
  parameters_ = parameters;
  packed_ = packed;
  if (!packed) return;
  divide_panels(w_, team, poll, [&](std::int64_t col, std::int64_t cols) {
    kernels_.copy_block(row(0) + col, dense_.n_out, dense_.n_in, cols, w_.at(0, col), w_.width);
  });
  if (!trains || !wt_.data) return;
  divide_panels(wt_, team, poll,
                [&](std::int64_t k, std::int64_t count) { transpose_rows({k, k + count}); });
}

template <class T>
void PanelWeights<T>::store(Team& team) const {
  Poll none;  // half of the weights stored would be neither the old ones nor the new
  divide_panels(w_, team, none, [&](std::int64_t col, std::int64_t cols) {
    kernels_.copy_block(w_.at(0, col), w_.width, dense_.n_in, cols, row(0) + col, dense_.n_out);
  });
}

template <class T>
void PanelWeights<T>::transpose_rows(Range rows) const {
  if (!packed_ || !wt_.data) return;
  for (std::int64_t panel = 0; panel < w_.panels(); ++panel) {
    const std::int64_t col = panel * w_.width;
    kernels_.transpose_block(w_.at(rows.begin, col), w_.width, rows.size(), w_.cols_of_panel(panel),
                             wt_.at(col, rows.begin), wt_.width);
  }
}

template <class T>
void PanelWeights<T>::limit_norms(double max_norm, Team& team) const {
  Poll none;
  std::atomic<bool> any{false};
  divide_panels(w_, team, none, [&](std::int64_t col, std::int64_t cols) {
    if (chainrule::limit_norms(kernels_, max_norm, at(0, col), dense_.n_in, cols, row_stride())) {
      any = true;
    }
  });
  if (!any || !packed_ || !wt_.data) return;
  divide_panels(wt_, team, none,
                [&](std::int64_t k, std::int64_t count) { transpose_rows({k, k + count}); });
}

template <class T>
void PanelWeights<T>::multiply(const PanelMatrix<T>& a, Range rows, Range panels, PanelPart<T> c,
                               T* scratch) const {
  const std::int64_t width = kernels_.panel_width;
  PanelProduct<T> product;
  product.access = Access::kRows;
  product.a = a.at(rows.begin, 0);
  product.a_panel_stride = a.panel_stride();
  product.rows = rows.size();
  product.depth = dense_.n_in;
  product.b_stride = width;
  product.c = c.data;
  product.c_stride = c.row_stride;
  if (packed_) {
    for (std::int64_t panel = panels.begin; panel < panels.end; ++panel) {
      product.b = w_.at(0, panel * width);
      product.cols = w_.cols_of_panel(panel);
      kernels_.multiply_panel(product);
      product.c += c.panel_stride;
    }
  } else if (a.rows == 1) {  // panels of one row lie one after the other
    const std::int64_t col = panels.begin * width;
    const std::int64_t cols = std::min(panels.size() * width, dense_.n_out - col);
    kernels_.multiply_row(product.a, dense_.n_in, row(0) + col, dense_.n_out, cols, c.data);
  } else {
    multiply_unpacked(product, a, rows, panels, c.panel_stride, scratch);
  }
}

// Some rows of the weights are passed over at a time, so that long parts of these are read one after the other; for many
// rows of a at once, it pays to pack each block for once. The next block is fetched meanwhile.
template <class T>
void PanelWeights<T>::multiply_unpacked(PanelProduct<T> product, const PanelMatrix<T>& a,
                                        Range rows, Range panels, std::int64_t c_panel_stride,
                                        T* scratch) const {
  const std::int64_t width = kernels_.panel_width;
  const bool pack = rows.size() >= kRowsToPack;
  const std::int64_t steps = pack ? kPackedNumbers<T> / width : kMaxPanelWidth;
  T* const c = product.c;
  for (std::int64_t k = 0; k < dense_.n_in; k += steps) {
    product.a = a.at(rows.begin, k);
    product.depth = std::min(steps, dense_.n_in - k);
    product.accumulate = k > 0;
    for (std::int64_t panel = panels.begin; panel < panels.end; ++panel) {
      product.b = row(k) + panel * width;
      product.b_stride = dense_.n_out;
      product.cols = std::min(width, dense_.n_out - panel * width);
      product.c = c + (panel - panels.begin) * c_panel_stride;
      product.ahead = {};
      if (panel + 1 < panels.end) {
        product.ahead.add(product.b + width, dense_.n_out);
        product.ahead.rows = product.depth;
      } else if (k + steps < dense_.n_in) {
        product.ahead.add(row(k + steps) + panels.begin * width, dense_.n_out);
        product.ahead.rows = std::min(steps, dense_.n_in - k - steps);
      }
      if (pack) {
        kernels_.copy_block(product.b, product.b_stride, product.depth, product.cols, scratch,
                            width);
        product.b = scratch;
        product.b_stride = width;
      }
      kernels_.multiply_panel(product);
    }
  }
}

template <class T>
void PanelWeights<T>::multiply_back(const PanelMatrix<T>& delta,
                                    MatrixView<const T> delta_transposed, Range rows,
                                    std::int64_t panel, T* dC_da) const {
  const std::int64_t width = kernels_.panel_width, col = panel * width;
  const std::int64_t cols = std::min(width, dense_.n_in - col);
  PanelProduct<T> product;
  product.depth = dense_.n_out;
  product.c_stride = width;
  if (packed_) {
    product.access = Access::kRows;
    product.a = delta.at(rows.begin, 0);
    product.a_panel_stride = delta.panel_stride();
    product.b = wt_.at(0, col);
    product.b_stride = width;
    product.c = dC_da;
    product.rows = rows.size();
    product.cols = cols;
    kernels_.multiply_panel(product);
    return;
  }
  // (W delta^T)^T: each row of W is read from its beginning to its end.
  alignas(kBlockAlignment) T across[kMaxPanelWidth * kMaxPanelWidth];
  product.access = Access::kStrided;
  product.a = row(col);
  product.a_row_stride = dense_.n_out;
  product.a_step = 1;
  product.b_stride = delta_transposed.stride;
  product.c = across;
  product.rows = cols;
  for (std::int64_t i = 0; i < rows.size(); i += width) {
    product.b = delta_transposed.data + i;
    product.cols = std::min(width, rows.size() - i);
    kernels_.multiply_panel(product);
    kernels_.transpose_block(across, width, cols, product.cols, dC_da + i * width, width);
  }
}

template class PanelWeights<float>;
template class PanelWeights<double>;

}  // namespace chainrule
