// Which weights a thread updates next, and where they lie.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/panels/update.h"

#include <algorithm>
#include <atomic>

namespace chainrule {
namespace {

// Rows of W that are updated at a time: few enough that the threads' shares come out even.
constexpr std::int64_t kRowsOfPiece = 32;
// Where there are no packed copies, whole rows of W, state and gradient are passed over, a few at a time.
constexpr std::int64_t kRowsOfStream = 8;

}  // namespace

template <class T>
PanelUpdate<T>::PanelUpdate(PanelBuffers<T>& buffers, bool packs) : buffers_(buffers) {
  const std::int64_t most = packs ? kRowsOfPiece : kRowsOfStream;
  const std::int64_t rows = std::min<std::int64_t>(most, buffers.kernels.panel_width);
  std::size_t first_of_layer = 0;
  for (const ParameterBlock& block : buffers.architecture.parameters) {
    if (!block.options.trained) continue;
    if (!pieces_.empty() && pieces_.back().block->layer == block.layer) {
      ++pieces_[first_of_layer].others;
      continue;
    }
    first_of_layer = pieces_.size();
    for (std::int64_t row = 0; row < block.rows; row += rows) {
      pieces_.push_back({&block, {row, std::min(row + rows, block.rows)}});
    }
  }
}

template <class T>
UpdateBlock<T> PanelUpdate<T>::part_of(const ParameterBlock& block, Range rows,
                                       std::int64_t panel) const {
  const PanelLayer<T>& layer = buffers_.layers[block.layer];
  const std::int64_t col = panel * layer.delta.width;
  UpdateBlock<T> part;
  part.rows = rows.size();
  part.cols = layer.delta.cols_of_panel(panel);
  part.offset = block.offset + rows.begin * block.cols + col;
  part.stride = part.gradient_stride = block.cols;
  if (block.role == Role::kWeights) {
    part.weights = layer.weights->at(rows.begin, col);
    part.weights_stride = layer.weights->row_stride();
  } else {
    part.weights = buffers_.parameters + part.offset;
    part.weights_stride = block.cols;
  }
  return part;
}

// Calls use(part, block, panel) for the elements of a piece, panel by panel of columns.
template <class T>
template <class Use>
void PanelUpdate<T>::in_blocks(const Piece& piece, Use&& use) const {
  const std::int64_t panels = buffers_.layers[piece.block->layer].delta.panels();
  for (std::int64_t panel = 0; panel < panels; ++panel) {
    UpdateBlock<T> part = part_of(*piece.block, piece.rows, panel);
    use(part, *piece.block, panel);
    for (const ParameterBlock* other = piece.block + 1; other <= piece.block + piece.others;
         ++other) {
      part = part_of(*other, {0, other->rows}, panel);
      use(part, *other, panel);
    }
  }
}

// Calls use(part, block), each part with its gradient. What the update reads, if there is one, is fetched ahead.
template <class T>
template <class Use>
void PanelUpdate<T>::with_gradients(const Piece& piece, const OptimizerStep<T>* updates,
                                    Use&& use) const {
  alignas(kBlockAlignment) T scratch[kRowsOfPiece * kMaxPanelWidth];
  const PanelLayer<T>& layer = buffers_.layers[piece.block->layer];
  const std::int64_t width = buffers_.kernels.panel_width, batch = buffers_.batch().size();
  PanelProduct<T> product;
  product.access = Access::kColumns;
  product.a = layer.a.at(0, piece.rows.begin);
  product.a_step = width;
  product.depth = batch;
  product.b_stride = product.c_stride = width;
  product.c = scratch;
  in_blocks(piece, [&](UpdateBlock<T>& part, const ParameterBlock& block, std::int64_t panel) {
    const T* delta = layer.delta.at(0, panel * width);
    if (block.role == Role::kWeights) {
      product.b = delta;
      product.rows = part.rows;
      product.ahead = {};
      // Weights that are packed are in a cache, or almost; those that are not come from memory.
      if (updates && !buffers_.packed() && panel + 1 < layer.delta.panels()) {
        const OptimizerStep<T>& update = updates[block.rate];
        product.ahead.rows = part.rows;
        product.ahead.add(part.weights + width, part.weights_stride);
        for (int n = 0; n < std::min(update.n_states, Ahead<T>::kMost - 1); ++n) {
          product.ahead.add(update.states[n] + part.offset + width, part.stride);
        }
      }
      product.cols = part.cols;
      buffers_.kernels.multiply_panel(product);
    } else if (block.role == Role::kBias) {
      buffers_.kernels.sum_over_batch(delta, batch, part.cols, width, scratch);
    } else {
      StageRows<T> rows = buffers_.rows_of_stage(block.layer, {}, buffers_.batch());
      rows.in = layer.a.at(0, panel * width);
      rows.dC_dout = delta;
      rows.cols = part.cols;
      buffers_.kernels.stage_gradient(rows, block.index, scratch);
    }
    const TrainingOptions& options = block.options;
    if (options.penalized()) {
      buffers_.kernels.add_penalty_slopes(static_cast<T>(options.l1), static_cast<T>(options.l2),
                                          part.weights, part.weights_stride, part.rows, part.cols,
                                          scratch, width);
    }
    part.gradient = scratch;
    part.gradient_stride = width;
    use(part, block);
  });
}

template <class T>
void PanelUpdate<T>::gradient(T* gradient, Team& team, Poll& poll) {
  buffers_.architecture.parameters.zero_frozen(gradient);
  alignas(kBlockAlignment) std::atomic<std::size_t> next{0};
  team.run(
      [&](int, int) {
        for (std::size_t i = next++; i < pieces_.size(); i = next++) {
          with_gradients(
              pieces_[i], nullptr, [&](const UpdateBlock<T>& part, const ParameterBlock&) {
                buffers_.kernels.copy_block(part.gradient, part.gradient_stride, part.rows,
                                            part.cols, gradient + part.offset, part.stride);
              });
          if (team.on_callers_thread()) poll();
          if (team.cancelled()) return;
        }
      },
      &poll);
}

template <class T>
bool PanelUpdate<T>::update(const OptimizerStep<T>* updates, const T* gradient,
                            const Batch<T>& batch, Team& team, Penalty<T>& penalty) {
  alignas(kBlockAlignment) std::atomic<std::size_t> next{0};
  std::atomic<bool> finite{true};
  // Rows of the next batch between any two pieces, some at a time, so that no load has to wait for many of them.
  std::atomic<std::int64_t> next_row{0};
  const auto n_pieces = static_cast<std::int64_t>(pieces_.size());
  const std::int64_t rows_at_a_time = (batch.next.size() + n_pieces - 1) / n_pieces;
  const auto fetch_ahead = [&] {
    const std::int64_t first = next_row.fetch_add(rows_at_a_time);
    const std::int64_t end = std::min(first + rows_at_a_time, batch.next.size());
    if (first < end) batch.samples.x.prefetch(batch.next.part({first, end}));
  };
  team.run([&](int, int) {
    for (std::size_t i = next++; i < pieces_.size(); i = next++) {
      const Piece& piece = pieces_[i];
      const auto make_step = [&](const UpdateBlock<T>& part, const ParameterBlock& block) {
        if (!buffers_.kernels.update(updates[block.rate], part)) finite = false;
      };
      if (gradient) {
        in_blocks(piece, [&](UpdateBlock<T>& part, const ParameterBlock& block, std::int64_t) {
          part.gradient = gradient + part.offset;
          make_step(part, block);
        });
      } else {
        with_gradients(piece, updates, make_step);
      }
      fetch_ahead();
      if (piece.block->role != Role::kWeights) continue;
      const PanelWeights<T>& weights = *buffers_.layers[piece.block->layer].weights;
      weights.transpose_rows(piece.rows);
      if (auto* part = penalty.part_of(*piece.block)) {
        part->add_up(buffers_.kernels, weights.rows(piece.rows), piece.rows.begin);
      }
    }
  });
  const ParameterBlocks& blocks = buffers_.architecture.parameters;
  penalty.known = !blocks.limited();
  for (const ParameterBlock& block : blocks) {
    if (!block.options.limited()) continue;
    buffers_.layers[block.layer].weights->limit_norms(block.options.max_norm, team);
  }
  return finite;
}

template class PanelUpdate<float>;
template class PanelUpdate<double>;

}  // namespace chainrule
