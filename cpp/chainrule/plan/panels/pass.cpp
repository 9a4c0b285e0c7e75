// Gathering, products, activations and costs, piece by piece.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/panels/pass.h"

namespace chainrule {

template <class T>
void PanelPass<T>::gather(Range part) const {
  const Rows of_part = rows.part(part);
  x->gather(of_part, Destination<T>::panels(buffers.layers[0].a, part.begin), buffers.kernels);
  if (!samples) return;
  buffers.targets.gather(*samples, of_part, part.begin,
                         Destination<T>::rows(buffers.output_rows(buffers.y, part)),
                         buffers.kernels);
}

template <class T>
void PanelPass<T>::forward(std::size_t l, Range part, Range panels, int thread) const {
  const PanelLayer<T>& layer = buffers.layers[l];
  if (!layer.weights) {
    return buffers.kernels.stage_forward(buffers.rows_of_stage(l, noise, part));
  }
  const Dense& dense = *layer.layer.dense();
  const std::int64_t width = buffers.kernels.panel_width, first_col = panels.begin * width;
  T* const scratch = buffers.scratch(thread);
  if (l + 1 == buffers.layers.size()) {
    T* z = buffers.z.row(part.begin) + first_col;
    return layer.weights->multiply(layer.a, part, panels, {z, buffers.z.stride, width}, scratch);
  }
  const PanelMatrix<T>& a = buffers.layers[l + 1].a;
  const PanelMatrix<T>& z = layer.slope.data ? layer.slope : a;
  layer.weights->multiply(layer.a, part, panels,
                          {z.at(part.begin, first_col), width, z.panel_stride()}, scratch);
  const T* bias = dense.bias(buffers.parameters);
  for (std::int64_t panel = panels.begin; panel < panels.end; ++panel) {
    const std::int64_t col = panel * width;
    T* const of_z = z.at(part.begin, col);
    buffers.kernels.activate(dense.activation, bias ? bias + col : nullptr, of_z,
                             a.at(part.begin, col), layer.slope.data ? of_z : nullptr, part.size(),
                             a.cols_of_panel(panel), width);
  }
}

template <class T>
void PanelPass<T>::finish_output(Range part) const {
  const Dense& dense = buffers.architecture.output();
  const KernelTable<T>& kernels = buffers.kernels;
  const MatrixView<T> of_s = buffers.output_rows(buffers.s, part);
  T* const of_z = buffers.z.row(part.begin);
  kernels.activate(dense.activation, dense.bias(buffers.parameters), of_z, of_s.data, of_z,
                   of_s.rows, of_s.cols, of_s.stride);
  if (s.data) {
    kernels.copy_block(of_s.data, of_s.stride, of_s.rows, of_s.cols, s.row(part.begin), s.stride);
  }
  if (!samples) return;
  kernels.costs(buffers.architecture.loss, of_z, of_s.data, buffers.y.row(part.begin), of_s.rows,
                of_s.cols, of_s.stride, buffers.targets.costs() + part.begin);
}

template <class T>
void PanelPass<T>::begin_backward(Range part) const {
  const Dense& dense = buffers.architecture.output();
  const Loss& loss = buffers.architecture.loss;
  const KernelTable<T>& kernels = buffers.kernels;
  const MatrixView<T> gradient = buffers.output_rows(buffers.gradient, part);
  const T* of_s = buffers.s.row(part.begin);
  if (samples) {
    kernels.cost_backward(loss, buffers.z.row(part.begin), of_s, buffers.y.row(part.begin),
                          buffers.targets.shares() + part.begin, gradient.rows, gradient.cols,
                          gradient.stride, gradient.data);
  } else {
    kernels.copy_block(dC_ds.row(part.begin), dC_ds.stride, gradient.rows, gradient.cols,
                       gradient.data, gradient.stride);
  }
  if (!samples || !loss.paired) {
    const T* a_or_slope = slope_reads_z(dense.activation) ? buffers.z.row(part.begin) : of_s;
    kernels.activation_backward(dense.activation, a_or_slope, gradient.data, gradient.data,
                                gradient.rows, gradient.cols, gradient.stride);
  }
  const PanelMatrix<T>& delta = buffers.layers.back().delta;
  for (std::int64_t panel = 0; panel < delta.panels(); ++panel) {
    const std::int64_t col = panel * delta.width;
    kernels.copy_block(gradient.data + col, gradient.stride, gradient.rows,
                       delta.cols_of_panel(panel), delta.at(part.begin, col), delta.width);
  }
}

template <class T>
void PanelPass<T>::transpose_deltas(std::size_t l, Range panels) const {
  const PanelMatrix<T>& delta = buffers.layers[l].delta;
  const MatrixView<T>& transposed = buffers.delta_transposed;
  for (std::int64_t panel = panels.begin; panel < panels.end; ++panel) {
    const std::int64_t col = panel * delta.width;
    buffers.kernels.transpose_block(delta.at(0, col), delta.width, buffers.batch().size(),
                                    delta.cols_of_panel(panel), transposed.row(col),
                                    transposed.stride);
  }
}

template <class T>
void PanelPass<T>::backward(std::size_t l, Range part, Range panels) const {
  const PanelMatrix<T>& dC_da = buffers.layers[l - 1].delta;
  const PanelLayer<T>& layer = buffers.layers[l];
  if (!layer.weights) {
    buffers.kernels.stage_backward(buffers.rows_of_stage(l, noise, part));
    return finish_deltas(l - 1, part, panels);
  }
  for (std::int64_t panel = panels.begin; panel < panels.end; ++panel) {
    layer.weights->multiply_back(layer.delta, buffers.delta_transposed, part, panel,
                                 dC_da.at(part.begin, panel * dC_da.width));
    finish_deltas(l - 1, part, {panel, panel + 1});
  }
}

template <class T>
void PanelPass<T>::finish_deltas(std::size_t l, Range part, Range panels) const {
  const PanelLayer<T>& layer = buffers.layers[l];
  const Dense* const dense = layer.layer.dense();
  if (!dense) return;
  const PanelMatrix<T>& a = buffers.layers[l + 1].a;
  const PanelMatrix<T>& a_or_slope = layer.slope.data ? layer.slope : a;
  for (std::int64_t panel = panels.begin; panel < panels.end; ++panel) {
    const std::int64_t col = panel * a.width;
    T* delta = layer.delta.at(part.begin, col);
    buffers.kernels.activation_backward(dense->activation, a_or_slope.at(part.begin, col), delta,
                                        delta, part.size(), a.cols_of_panel(panel), a.width);
  }
}

template struct PanelPass<float>;
template struct PanelPass<double>;

}  // namespace chainrule
