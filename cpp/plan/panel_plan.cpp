// The pieces of a step on panels.
// SPDX-License-Identifier: BSD-3-Clause
#include "plan/panel_plan.h"

#include <algorithm>
#include <cmath>

#include "activations/list.h"

namespace chainrule {
namespace {

// Rows of W that are updated at a time: few enough that the threads' shares come out even.
constexpr std::int64_t kRowsOfPiece = 32;
constexpr std::int64_t kMaxPanelWidth = 64;

// An update that takes longer than Ctrl-C may is made of two: the gradient, which may be interrupted, and the weights,
// which may not. Some 50 ms.
constexpr double kLongUpdate = 1e10;

std::int64_t round_up(std::int64_t n, std::int64_t step) { return (n + step - 1) / step * step; }

}  // namespace

template <class T>
bool PanelPlan<T>::suits(const Architecture& architecture) {
  const auto elementwise = [](const Dense& layer) {
    return Activations::visit<bool>(
        layer.activation, [](auto member) { return decltype(member)::type::kElementwise; });
  };
  return !architecture.loss.is_custom() &&
         std::all_of(architecture.layers.begin(), architecture.layers.end() - 1, elementwise);
}

template <class T>
PanelPlan<T>::PanelPlan(const Architecture& architecture, std::int64_t max_batch,
                        Direction direction, const Engine<T>& engine)
    : Plan<T>(engine),
      architecture_(architecture),
      kernels_(*engine.kernels),
      max_batch_(max_batch),
      direction_(direction),
      layers_(architecture.layers.size()),
      row_stride_(round_up(architecture.n_out(), engine.kernels->vector_width)) {
  const bool trains = direction == Direction::kForwardAndBackward;
  const std::int64_t width = kernels_.panel_width;
  const auto reserve = [&](PanelMatrix<T>& matrix, std::int64_t rows, std::int64_t cols) {
    matrix = {nullptr, rows, cols, width};
    workspace_.reserve(matrix.size(), matrix.data);
  };
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Dense& dense = architecture.layers[l];
    Layer& layer = layers_[l];
    reserve(layer.a, max_batch | 1, dense.n_in);
    // A plan that only goes forward reads W where it lies, but for the columns that fill no panel.
    reserve(layer.w, dense.n_in, trains ? dense.n_out : dense.n_out % width);
    if (!trains) continue;
    if (l > 0) reserve(layer.wt, dense.n_out, dense.n_in);
    reserve(layer.delta, max_batch | 1, dense.n_out);
    const std::int64_t rows = std::min(kRowsOfPiece, width);  // of one panel
    for (std::int64_t row = 0; row < dense.n_in; row += rows) {
      pieces_.push_back({l, {row, std::min(row + rows, dense.n_in)}});
    }
  }
  for (MatrixView<T>* matrix : {&z_, &s_, &slopes_}) {
    workspace_.reserve(max_batch, row_stride_, *matrix);
  }
  targets_.reserve(max_batch, architecture.n_out(), row_stride_, workspace_);
  const double flops =
      2.0 * static_cast<double>(architecture.n_parameters) * static_cast<double>(max_batch);
  if (trains && flops > kLongUpdate) workspace_.reserve(architecture.n_parameters, gradient_);
  workspace_.allocate();
}

template <class T>
bool PanelPlan<T>::serves(std::int64_t batch, Direction direction) const {
  return batch <= max_batch_ && direction <= direction_;
}

template <class T>
void PanelPlan<T>::load(const T* parameters, Direction direction) {
  parameters_ = parameters;
  loaded_ = direction;
  for (std::size_t l = 0; l < layers_.size(); ++l) pack_weights(l);
}

template <class T>
std::int64_t PanelPlan<T>::packed_from(std::size_t l) const {
  // Packing pays where the weights are used again and again. To go forward once, only the columns that fill no panel
  // are packed: their rows would be read beyond their end.
  const std::int64_t n_out = architecture_.layers[l].n_out;
  return loaded_ == Direction::kForwardAndBackward ? 0 : n_out - n_out % kernels_.panel_width;
}

template <class T>
void PanelPlan<T>::pack_weights(std::size_t l) {
  const Dense& dense = architecture_.layers[l];
  const Layer& layer = layers_[l];
  const T* weights = dense.weights(parameters_).data;
  const std::int64_t width = kernels_.panel_width, first = dense.n_out - layer.w.cols;
  for (std::int64_t col = packed_from(l); col < dense.n_out; col += width) {
    kernels_.copy_block(weights + col, dense.n_out, dense.n_in, std::min(width, dense.n_out - col),
                        layer.w.at(0, col - first), width);
  }
  if (!layer.wt.data || loaded_ == Direction::kForward) return;
  for (std::int64_t row = 0; row < dense.n_in; row += width) {
    kernels_.transpose_block(weights + row * dense.n_out, dense.n_out,
                             std::min(width, dense.n_in - row), dense.n_out, layer.wt.at(0, row),
                             width);
  }
}

// ---- Forward ----

template <class T>
void PanelPlan<T>::gather(const Pass& pass, Span rows) {
  const Rows part = pass.rows.part(rows.first, rows.count());
  gather_rows(*pass.x, part, layers_[0].a, rows.first);
  if (pass.samples) targets_.gather(*pass.samples, part, rows.first);
}

template <class T>
void PanelPlan<T>::forward(std::size_t l, Span rows, Span panels) {
  const Dense& dense = architecture_.layers[l];
  const Layer& layer = layers_[l];
  const bool output = l + 1 == layers_.size();
  const std::int64_t width = kernels_.panel_width;
  const T* bias = dense.bias(parameters_);
  PanelProduct<T> product;
  product.access = Access::kRows;
  product.a = layer.a.at(rows.first, 0);
  product.a_panel_stride = layer.a.panel_stride();
  product.rows = rows.count();
  product.depth = dense.n_in;
  for (std::int64_t panel = panels.first; panel < panels.last; ++panel) {
    const std::int64_t col = panel * width;
    product.cols = std::min(width, dense.n_out - col);
    if (col >= packed_from(l)) {
      product.b = layer.w.at(0, col - (dense.n_out - layer.w.cols));
      product.b_stride = width;
    } else {
      product.b = dense.weights(parameters_).data + col;
      product.b_stride = dense.n_out;
    }
    if (output) {
      product.c = z_.row(rows.first) + col;
      product.c_stride = row_stride_;
      kernels_.multiply_panel(product);
    } else {
      T* a = layers_[l + 1].a.at(rows.first, col);
      product.c = a;
      product.c_stride = width;
      kernels_.multiply_panel(product);
      kernels_.activate(dense.activation, bias ? bias + col : nullptr, a, a, rows.count(),
                        product.cols, width);
    }
  }
}

template <class T>
void PanelPlan<T>::finish_output(const Pass& pass, Span rows) {
  const Dense& dense = architecture_.layers.back();
  const Loss& loss = architecture_.loss;
  const std::int64_t first = rows.first, count = rows.count(), n = dense.n_out;
  T* z = z_.row(first);
  T* s = s_.row(first);
  kernels_.activate(dense.activation, dense.bias(parameters_), z, s, count, n, row_stride_);
  if (!pass.samples) return;
  const T* y = targets_.y(first);
  double* costs = targets_.costs() + first;
  kernels_.costs(loss, z, s, y, count, n, row_stride_, costs);
  if (!targets_.finite(first, count)) finite_ = false;
  if (!pass.backward) return;
  T* slopes = slopes_.row(first);
  kernels_.cost_backward(loss, s, y, targets_.shares() + first, count, n, row_stride_, slopes);
  if (!loss.paired) {
    kernels_.activation_backward(dense.activation, s, slopes, slopes, count, n, row_stride_);
  }
  const PanelMatrix<T>& delta = layers_.back().delta;
  for (std::int64_t panel = 0; panel < delta.panels(); ++panel) {
    const std::int64_t col = panel * delta.width;
    kernels_.copy_block(slopes + col, row_stride_, count, delta.cols_of_panel(panel),
                        delta.at(first, col), delta.width);
  }
}

// ---- Backward ----

template <class T>
void PanelPlan<T>::backward(std::size_t l, Span rows, Span panels) {
  const Dense& dense = architecture_.layers[l];
  const Layer& layer = layers_[l];
  const std::int64_t width = kernels_.panel_width;
  PanelProduct<T> product;
  product.access = Access::kRows;
  product.a = layer.delta.at(rows.first, 0);
  product.a_panel_stride = layer.delta.panel_stride();
  product.rows = rows.count();
  product.depth = dense.n_out;
  product.b_stride = product.c_stride = width;
  for (std::int64_t panel = panels.first; panel < panels.last; ++panel) {
    const std::int64_t col = panel * width;
    T* delta = layers_[l - 1].delta.at(rows.first, col);
    product.cols = layer.wt.cols_of_panel(panel);
    product.b = layer.wt.at(0, col);
    product.c = delta;
    kernels_.multiply_panel(product);
    kernels_.activation_backward(architecture_.layers[l - 1].activation,
                                 layer.a.at(rows.first, col), delta, delta, rows.count(),
                                 product.cols, width);
  }
}

// ---- From the batch to the weights ----

// Calls use(block, panel) for the weights of a piece, panel by panel of columns, and for the biases there.
template <class T>
template <class Use>
void PanelPlan<T>::blocks_of_piece(const Piece& piece, Use&& use) {
  const Dense& dense = architecture_.layers[piece.layer];
  const Layer& layer = layers_[piece.layer];
  const std::int64_t first = piece.rows.first;
  for (std::int64_t panel = 0; panel < layer.delta.panels(); ++panel) {
    const std::int64_t col = panel * layer.delta.width;
    UpdateBlock<T> block;
    block.rows = piece.rows.count();
    block.cols = layer.delta.cols_of_panel(panel);
    block.offset = dense.offset + first * dense.n_out + col;
    block.stride = block.gradient_stride = dense.n_out;
    block.packed = layer.w.at(first, col);
    block.packed_stride = layer.w.width;
    use(block, panel);
    if (first > 0 || !dense.has_bias) continue;
    UpdateBlock<T> bias;
    bias.rows = 1;
    bias.cols = block.cols;
    bias.offset = dense.offset + dense.n_in * dense.n_out + col;
    use(bias, panel);
  }
}

// The same, each with its gradient: one chain of sums over the whole batch for every weight.
template <class T>
template <class Use>
void PanelPlan<T>::gradients_of_piece(const Piece& piece, Use&& use) {
  alignas(kBlockAlignment) T scratch[kRowsOfPiece * kMaxPanelWidth];
  const Layer& layer = layers_[piece.layer];
  const std::int64_t width = kernels_.panel_width;
  PanelProduct<T> product;
  product.access = Access::kColumns;
  product.a = layer.a.at(0, piece.rows.first);
  product.a_step = width;
  product.depth = batch_;
  product.b_stride = product.c_stride = width;
  product.c = scratch;
  blocks_of_piece(piece, [&](UpdateBlock<T>& block, std::int64_t panel) {
    const T* delta = layer.delta.at(0, panel * width);
    if (block.packed) {  // weights
      product.b = delta;
      product.rows = block.rows;
      product.cols = block.cols;
      kernels_.multiply_panel(product);
    } else {  // biases
      kernels_.sum_over_batch(delta, batch_, block.cols, width, scratch);
    }
    block.gradient = scratch;
    block.gradient_stride = width;
    use(block);
  });
}

template <class T>
void PanelPlan<T>::compute_gradient(T* gradient, Team& team, Poll& poll) {
  next_piece_ = 0;
  team.run(
      [&](int index, int /*count*/) {
        for (std::size_t i = next_piece_++; i < pieces_.size(); i = next_piece_++) {
          gradients_of_piece(pieces_[i], [&](const UpdateBlock<T>& block) {
            kernels_.copy_block(block.gradient, block.gradient_stride, block.rows, block.cols,
                                gradient + block.offset, std::max(block.stride, block.cols));
          });
          if (index == 0) poll();  // the caller's thread
          if (team.cancelled()) return;
        }
      },
      &poll);
}

template <class T>
void PanelPlan<T>::update_weights(const Update<T>& update, T* parameters, Team& team) {
  next_piece_ = 0;
  team.run([&](int, int) {
    for (std::size_t i = next_piece_++; i < pieces_.size(); i = next_piece_++) {
      const Piece& piece = pieces_[i];
      const auto make_step = [&](const UpdateBlock<T>& block) {
        if (!kernels_.update(update, block, parameters)) finite_ = false;
      };
      if (gradient_) {
        blocks_of_piece(piece, [&](UpdateBlock<T>& block, std::int64_t) {
          block.gradient = gradient_ + block.offset;
          make_step(block);
        });
      } else {
        gradients_of_piece(piece, make_step);
      }
      const PanelMatrix<T>& wt = layers_[piece.layer].wt;
      if (!wt.data) continue;
      const Dense& dense = architecture_.layers[piece.layer];
      const std::int64_t first = piece.rows.first;
      kernels_.transpose_block(parameters + dense.offset + first * dense.n_out, dense.n_out,
                               piece.rows.count(), dense.n_out, wt.at(0, first), wt.width);
    }
  });
}

// ---- Whole batches ----

template <class T>
void PanelPlan<T>::begin(const Rows& rows) {
  batch_ = rows.count;
  // As close together as the batch allows, and not a power of two apart, which would crowd a few sets of the cache.
  for (Layer& layer : layers_) layer.a.rows = layer.delta.rows = batch_ | 1;
  next_rows_ = 0;
  finite_ = true;
}

template <class T>
void PanelPlan<T>::predict(const ArrayView& x, const Rows& rows, MatrixView<T> s, Team& team,
                           Poll& poll) {
  begin(rows);
  const Pass pass{&x, nullptr, rows, false};
  run(pass, team, poll);
  for (std::int64_t i = 0; i < batch_; ++i) std::copy_n(s_.row(i), s.cols, s.row(i));
}

template <class T>
CostSums PanelPlan<T>::cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) {
  begin(rows);
  const CostSums sums = targets_.begin(samples, rows);
  const Pass pass{&samples.x, &samples, rows, false};
  run(pass, team, poll);
  return targets_.sum(sums);
}

template <class T>
CostSums PanelPlan<T>::value_and_gradient(const Samples<T>& samples, const Rows& rows, T* gradient,
                                          Team& team, Poll& poll) {
  begin(rows);
  const CostSums sums = targets_.begin(samples, rows);
  const Pass pass{&samples.x, &samples, rows, true};
  run(pass, team, poll);
  compute_gradient(gradient, team, poll);
  return targets_.sum(sums);
}

template <class T>
typename Plan<T>::Step PanelPlan<T>::train_step(T* parameters, const Samples<T>& samples,
                                                const Rows& rows, const Update<T>& update,
                                                Team& team, Poll& poll) {
  begin(rows);
  const CostSums sums = targets_.begin(samples, rows);
  const Pass pass{&samples.x, &samples, rows, true};
  run(pass, team, poll);
  // A cost that is not finite changes no weight.
  if (finite_ && gradient_) compute_gradient(gradient_, team, poll);
  if (finite_) update_weights(update, parameters, team);
  return {targets_.sum(sums), finite_};
}

template <class T>
Span PanelPlan<T>::panels_out(std::size_t l) const {
  return {0, (architecture_.layers[l].n_out + kernels_.panel_width - 1) / kernels_.panel_width};
}

template <class T>
Span PanelPlan<T>::panels_in(std::size_t l) const {
  return {0, layers_[l].a.panels()};
}

template class PanelPlan<float>;
template class PanelPlan<double>;

}  // namespace chainrule
