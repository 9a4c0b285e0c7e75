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
  for (const ParameterBlock& block : buffers.architecture.parameters) {
    if (!block.options.trained) continue;
    for (std::int64_t row = 0; row < block.rows; row += rows) {
      pieces_.push_back({&block, {row, std::min(row + rows, block.rows)}});
    }
  }
}

// Calls use(block, panel) for the elements of a piece, panel by panel of columns.
template <class T>
template <class Use>
void PanelUpdate<T>::in_blocks(const Piece& piece, Use&& use) const {
  const ParameterBlock& of = *piece.block;
  const PanelLayer<T>& layer = buffers_.layers[of.layer];
  const std::int64_t first = piece.rows.begin;
  for (std::int64_t panel = 0; panel < layer.delta.panels(); ++panel) {
    const std::int64_t col = panel * layer.delta.width;
    UpdateBlock<T> block;
    block.rows = piece.rows.size();
    block.cols = layer.delta.cols_of_panel(panel);
    block.offset = of.offset + first * of.cols + col;
    block.stride = block.gradient_stride = of.cols;
    if (of.role == Role::kWeights) {
      block.weights = layer.weights->at(first, col);
      block.weights_stride = layer.weights->row_stride();
    } else {
      block.weights = buffers_.parameters + block.offset;
      block.weights_stride = of.cols;
    }
    use(block, panel);
  }
}

// The same, each with its gradient. What the update reads, if there is one, is fetched ahead.
template <class T>
template <class Use>
void PanelUpdate<T>::with_gradients(const Piece& piece, const OptimizerStep<T>* update,
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
  in_blocks(piece, [&](UpdateBlock<T>& block, std::int64_t panel) {
    const T* delta = layer.delta.at(0, panel * width);
    if (piece.block->role == Role::kWeights) {
      product.b = delta;
      product.rows = block.rows;
      product.ahead = {};
      // Weights that are packed are in a cache, or almost; those that are not come from memory.
      if (update && !buffers_.packed() && panel + 1 < layer.delta.panels()) {
        product.ahead.rows = block.rows;
        product.ahead.add(block.weights + width, block.weights_stride);
        for (int n = 0; n < std::min(update->n_states, Ahead<T>::kMost - 1); ++n) {
          product.ahead.add(update->states[n] + block.offset + width, block.stride);
        }
      }
      product.cols = block.cols;
      buffers_.kernels.multiply_panel(product);
    } else if (piece.block->role == Role::kBias) {
      buffers_.kernels.sum_over_batch(delta, batch, block.cols, width, scratch);
    } else {
      StageRows<T> rows = buffers_.rows_of_stage(piece.block->layer, {}, buffers_.batch());
      rows.in = layer.a.at(0, panel * width);
      rows.dC_dout = delta;
      rows.cols = block.cols;
      buffers_.kernels.stage_gradient(rows, piece.block->index, scratch);
    }
    const TrainingOptions& options = piece.block->options;
    if (options.penalized()) {
      buffers_.kernels.add_penalty_slopes(static_cast<T>(options.l1), static_cast<T>(options.l2),
                                          block.weights, block.weights_stride, block.rows,
                                          block.cols, scratch, width);
    }
    block.gradient = scratch;
    block.gradient_stride = width;
    use(block);
  });
}

template <class T>
void PanelUpdate<T>::gradient(T* gradient, Team& team, Poll& poll) {
  buffers_.architecture.parameters.zero_frozen(gradient);
  alignas(kBlockAlignment) std::atomic<std::size_t> next{0};
  team.run(
      [&](int, int) {
        for (std::size_t i = next++; i < pieces_.size(); i = next++) {
          with_gradients(pieces_[i], nullptr, [&](const UpdateBlock<T>& block) {
            buffers_.kernels.copy_block(block.gradient, block.gradient_stride, block.rows,
                                        block.cols, gradient + block.offset, block.stride);
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
      const OptimizerStep<T>& update = updates[piece.block->rate];
      const auto make_step = [&](const UpdateBlock<T>& block) {
        if (!buffers_.kernels.update(update, block)) finite = false;
      };
      if (gradient) {
        in_blocks(piece, [&](UpdateBlock<T>& block, std::int64_t) {
          block.gradient = gradient + block.offset;
          make_step(block);
        });
      } else {
        with_gradients(piece, &update, make_step);
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
