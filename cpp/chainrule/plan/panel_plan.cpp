// The pieces of a step on panels.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/panel_plan.h"

#include <algorithm>
#include <cmath>

#include "chainrule/activations/list.h"

namespace chainrule {
namespace {

// Rows of W that are updated at a time: few enough that the threads' shares come out even.
constexpr std::int64_t kRowsOfPiece = 32;
// Where there are no packed copies, whole rows of W, state and gradient are passed over, a few at a time.
constexpr std::int64_t kRowsOfStream = 8;

// An update that takes longer than Ctrl-C may is made of two: the gradient, which may be interrupted, and the weights,
// which may not. Some 50 ms.
constexpr double kLongUpdate = 1e10;

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
PanelPlan<T>::PanelPlan(const Architecture& architecture, const Passes& passes,
                        const Engine<T>& engine, bool (*wants_packed)(const Passes&),
                        std::int64_t most_rows_at_once, Poll& poll)
    : Plan<T>(passes, engine),
      architecture_(architecture),
      kernels_(*engine.kernels),
      wants_packed_(wants_packed),
      packs_(wants_packed(passes)),
      row_stride_(round_up(architecture.n_out(), engine.kernels->vector_width)) {
  const std::int64_t max_batch = passes.max_rows, width = kernels_.panel_width;
  const auto reserve = [&](PanelMatrix<T>& matrix, std::int64_t rows, std::int64_t cols) {
    matrix = {nullptr, rows, cols, width};
    workspace_.reserve(matrix.size(), matrix.data);
  };
  std::int64_t widest = 0;  // of the outputs whose deltas go back
  for (const Dense& dense : architecture.layers) layers_.emplace_back(dense, kernels_);
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Dense& dense = architecture.layers[l];
    Layer& layer = layers_[l];
    reserve(layer.a, max_batch | 1, dense.n_in);
    if (packs_) layer.weights.reserve(this->trains() && l > 0, workspace_);
    if (!this->trains()) continue;
    if (l > 0) widest = std::max(widest, dense.n_out);
    reserve(layer.delta, max_batch | 1, dense.n_out);
    const std::int64_t rows = std::min(packs_ ? kRowsOfPiece : kRowsOfStream, width);
    for (std::int64_t row = 0; row < dense.n_in; row += rows) {
      pieces_.push_back({l, {row, std::min(row + rows, dense.n_in)}});
    }
  }
  for (MatrixView<T>* matrix : {&z_, &s_, &y_, &slopes_}) {
    workspace_.reserve(max_batch, row_stride_, *matrix);
  }
  targets_.reserve(max_batch, architecture.n_out(), workspace_);
  const double flops =
      2.0 * static_cast<double>(architecture.n_parameters) * static_cast<double>(max_batch);
  if (this->trains() && flops > kLongUpdate) {
    workspace_.reserve(architecture.n_parameters, gradient_);
  }
  if (this->trains() && !packs_) {
    workspace_.reserve(widest, round_up(max_batch, kernels_.vector_width), turned_);
  }
  if (most_rows_at_once >= kRowsToPack) {
    workspace_.reserve(passes.threads, kPackedNumbers<T>, scratch_);
  }
  workspace_.allocate(poll);
}

template <class T>
bool PanelPlan<T>::serves(const Passes& passes) const {
  return Plan<T>::serves(passes) && (packs_ || !wants_packed_(passes)) &&
         (!scratch_.data || passes.threads <= scratch_.rows);
}

template <class T>
void PanelPlan<T>::load(T* parameters, const Passes& passes, Team& team, Poll& poll) {
  parameters_ = parameters;
  changed_ = false;
  // A plan that packs trains on few rows in the same way as on many.
  packed_ = wants_packed_(passes) || (packs_ && passes.direction == Direction::kForwardAndBackward);
  for (Layer& each : layers_) each.weights.load(parameters, passes.direction, packed_, team, poll);
}

template <class T>
void PanelPlan<T>::store(Team& team) {
  if (!changed_) return;
  for (Layer& layer : layers_) layer.weights.store(team);
  changed_ = false;
}

// ---- Forward ----

template <class T>
void PanelPlan<T>::gather(const Pass& pass, Span rows) {
  const Rows part = pass.rows.part(rows.first, rows.count());
  const PanelMatrix<T>& a = layers_[0].a;
  const std::int64_t in_whole_panels = a.cols / a.width * a.width;
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    const T* row = row_as_it_lies<T>(*pass.x, part[i]);
    if (!row) {
      gather_rows(*pass.x, part.part(i, 1), a, rows.first + i);
      continue;
    }
    // A row of the array is a matrix of one row a panel.
    kernels_.copy_block(row, a.width, in_whole_panels / a.width, a.width, a.at(rows.first + i, 0),
                        a.panel_stride());
    if (in_whole_panels == a.cols) continue;
    kernels_.copy_block(row + in_whole_panels, 0, 1, a.cols - in_whole_panels,
                        a.at(rows.first + i, in_whole_panels), 0);
  }
  if (!pass.samples) return;
  targets_.gather(*pass.samples, part, rows.first,
                  {y_.row(rows.first), rows.count(), architecture_.n_out(), row_stride_});
}

template <class T>
void PanelPlan<T>::forward(std::size_t l, Span rows, Span panels, int thread) {
  const Dense& dense = architecture_.layers[l];
  const Layer& layer = layers_[l];
  const std::int64_t width = kernels_.panel_width, first_col = panels.first * width;
  T* const scratch = scratch_.data ? scratch_.row(thread) : nullptr;
  if (l + 1 == layers_.size()) {
    T* z = z_.row(rows.first) + first_col;
    return layer.weights.multiply(layer.a, rows, panels, {z, row_stride_, width}, scratch);
  }
  const PanelMatrix<T>& next = layers_[l + 1].a;
  layer.weights.multiply(layer.a, rows, panels,
                         {next.at(rows.first, first_col), width, next.panel_stride()}, scratch);
  const T* bias = dense.bias(parameters_);
  for (std::int64_t panel = panels.first; panel < panels.last; ++panel) {
    T* a = next.at(rows.first, panel * width);
    kernels_.activate(dense.activation, bias ? bias + panel * width : nullptr, a, a, rows.count(),
                      next.cols_of_panel(panel), width);
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
  if (pass.s.data) kernels_.copy_block(s, row_stride_, count, n, pass.s.row(first), pass.s.stride);
  if (!pass.samples) return;
  const T* y = y_.row(first);
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
void PanelPlan<T>::turn_deltas(std::size_t l, Span panels) {
  const PanelMatrix<T>& delta = layers_[l].delta;
  for (std::int64_t panel = panels.first; panel < panels.last; ++panel) {
    const std::int64_t col = panel * delta.width;
    kernels_.transpose_block(delta.at(0, col), delta.width, batch_, delta.cols_of_panel(panel),
                             turned_.row(col), turned_.stride);
  }
}

template <class T>
void PanelPlan<T>::backward(std::size_t l, Span rows, Span panels) {
  const Layer& layer = layers_[l];
  const std::int64_t width = kernels_.panel_width;
  for (std::int64_t panel = panels.first; panel < panels.last; ++panel) {
    T* delta = layers_[l - 1].delta.at(rows.first, panel * width);
    layer.weights.multiply_back(layer.delta, turned_, rows, panel, delta);
    kernels_.activation_backward(architecture_.layers[l - 1].activation,
                                 layer.a.at(rows.first, panel * width), delta, delta, rows.count(),
                                 layer.a.cols_of_panel(panel), width);
  }
}

// ---- From the batch to the weights ----

// Calls use(block, panel, is_bias) for the weights of a piece, panel by panel of columns, and for the biases there.
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
    block.weights = layer.weights.at(first, col);
    block.weights_stride = layer.weights.row_stride();
    block.offset = dense.offset + first * dense.n_out + col;
    block.stride = block.gradient_stride = dense.n_out;
    use(block, panel, false);
    if (first > 0 || !dense.has_bias) continue;
    UpdateBlock<T> bias;
    bias.rows = 1;
    bias.cols = block.cols;
    bias.weights = dense.bias(parameters_) + col;
    bias.offset = dense.offset + dense.n_in * dense.n_out + col;
    use(bias, panel, true);
  }
}

// The same, each with its gradient: one chain of sums over the whole batch for every weight. What the update reads, if
// there is one, is fetched ahead.
template <class T>
template <class Use>
void PanelPlan<T>::gradients_of_piece(const Piece& piece, const Update<T>* update, Use&& use) {
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
  blocks_of_piece(piece, [&](UpdateBlock<T>& block, std::int64_t panel, bool is_bias) {
    const T* delta = layer.delta.at(0, panel * width);
    if (!is_bias) {
      product.b = delta;
      product.rows = block.rows;
      product.ahead = {};
      // Weights that are packed are in a cache, or almost; those that are not come from memory.
      if (update && !packed_ && panel + 1 < layer.delta.panels()) {
        product.ahead.rows = block.rows;
        product.ahead.add(block.weights + width, block.weights_stride);
        for (int n = 0; n < update->n_states; ++n) {
          product.ahead.add(update->states[n] + block.offset + width, block.stride);
        }
      }
      product.cols = block.cols;
      kernels_.multiply_panel(product);
    } else {
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
          gradients_of_piece(pieces_[i], nullptr, [&](const UpdateBlock<T>& block) {
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
void PanelPlan<T>::update_weights(const Update<T>& update, const Samples<T>& samples, Team& team) {
  changed_ = packed_;
  next_piece_ = 0;
  next_expected_ = 0;
  // Rows of the next batch between any two pieces, some at a time, so that no load has to wait for many of them.
  const auto n_pieces = static_cast<std::int64_t>(pieces_.size());
  const std::int64_t rows_at_a_time = (this->expected_.count + n_pieces - 1) / n_pieces;
  const auto fetch_ahead = [&] {
    const std::int64_t first = next_expected_.fetch_add(rows_at_a_time);
    const std::int64_t count = std::min(rows_at_a_time, this->expected_.count - first);
    if (count > 0) prefetch_rows(samples.x, this->expected_.part(first, count));
  };
  team.run([&](int, int) {
    for (std::size_t i = next_piece_++; i < pieces_.size(); i = next_piece_++) {
      const Piece& piece = pieces_[i];
      const auto make_step = [&](const UpdateBlock<T>& block) {
        if (!kernels_.update(update, block)) finite_ = false;
      };
      if (gradient_) {
        blocks_of_piece(piece, [&](UpdateBlock<T>& block, std::int64_t, bool) {
          block.gradient = gradient_ + block.offset;
          make_step(block);
        });
      } else {
        gradients_of_piece(piece, &update, make_step);
      }
      fetch_ahead();
      layers_[piece.layer].weights.transpose_rows(piece.rows);
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
  const Pass pass{&x, nullptr, rows, false, s};
  run(pass, team, poll);
}

template <class T>
CostSums PanelPlan<T>::cost(const Samples<T>& samples, const Rows& rows, Team& team, Poll& poll) {
  begin(rows);
  const CostSums sums = targets_.begin(samples, rows, poll);
  const Pass pass{&samples.x, &samples, rows, false, {}};
  run(pass, team, poll);
  return targets_.sum(sums);
}

template <class T>
CostSums PanelPlan<T>::value_and_gradient(const Samples<T>& samples, const Rows& rows, T* gradient,
                                          Team& team, Poll& poll) {
  begin(rows);
  const CostSums sums = targets_.begin(samples, rows, poll);
  const Pass pass{&samples.x, &samples, rows, true, {}};
  run(pass, team, poll);
  compute_gradient(gradient, team, poll);
  return targets_.sum(sums);
}

template <class T>
typename Plan<T>::Step PanelPlan<T>::train_step(const Samples<T>& samples, const Rows& rows,
                                                const Update<T>& update, Team& team, Poll& poll) {
  begin(rows);
  const CostSums sums = targets_.begin(samples, rows, poll);
  const Pass pass{&samples.x, &samples, rows, true, {}};
  run(pass, team, poll);
  const CostSums cost = targets_.sum(sums);
  // A cost that is not finite changes no weight.
  if (!std::isfinite(cost.weighted_cost)) finite_ = false;
  if (finite_ && gradient_) compute_gradient(gradient_, team, poll);
  if (finite_) update_weights(update, samples, team);
  return {cost, finite_};
}

template <class T>
std::int64_t PanelPlan<T>::panels_at_a_time(std::size_t l) const {
  if (packed_) return 1;
  // Some 10 ms of products; to read a weight takes as long as to multiply it with some rows.
  constexpr std::int64_t kMultiplications = 1 << 29, kRowsForReading = 16;
  const std::int64_t rows = std::max(batch_, kRowsForReading);
  const std::int64_t of_panel = checked_product(architecture_.layers[l].n_in, kernels_.panel_width);
  return std::clamp<std::int64_t>(kMultiplications / of_panel / rows, 1, 16);
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
