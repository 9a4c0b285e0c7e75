// Which columns of each product a thread computes.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "chainrule/plan/panels/pass.h"

namespace chainrule {
namespace {

// How many panels a piece of forward() has: where weights are read in place, long parts of their rows, but no more work
// than Ctrl-C may wait for.
template <class T>
std::int64_t panels_at_a_time(const PanelBuffers<T>& buffers, std::size_t l) {
  if (buffers.packed()) return 1;
  // Some 10 ms of products; to read a weight takes as long as to multiply it with some rows.
  constexpr std::int64_t kMultiplications = 1 << 29, kRowsForReading = 16;
  const std::int64_t rows = std::max(buffers.batch().size(), kRowsForReading);
  const std::int64_t of_panel =
      checked_product(buffers.layers[l].layer.n_in(), buffers.kernels.panel_width);
  return std::clamp<std::int64_t>(kMultiplications / of_panel / rows, 1, 16);
}

// Calls work(rows, some of all, thread): always the same thread for the same columns, whose weights it may find in its
// cache; `grain` of them at a time.
template <class Work>
void divide(Range all, std::int64_t grain, std::int64_t batch, std::int64_t rows_at_once,
            Team& team, Poll& poll, Work&& work) {
  team.run(
      [&](int index, int count) {
        const Range share = part_of(all, index, count);
        for (std::int64_t row = 0; row < batch; row += rows_at_once) {
          const Range rows{row, std::min(row + rows_at_once, batch)};
          for (std::int64_t first = share.begin; first < share.end; first += grain) {
            work(rows, Range{first, std::min(first + grain, share.end)}, index);
            if (team.on_callers_thread()) poll();
            if (team.cancelled()) return;
          }
        }
      },
      &poll);
}

}  // namespace

template <class T>
void run_by_columns(const PanelPass<T>& pass, Team& team, Poll& poll) {
  const PanelBuffers<T>& buffers = pass.buffers;
  const Range batch = buffers.batch();
  // Weights that are packed on the way, or deltas that are transposed, are so for all rows at once.
  const std::int64_t rows_at_once = buffers.packed() ? kRowsOfProduct<T> : batch.size();
  const auto by_rows = [&](auto&& work) {
    constexpr std::int64_t kRows = 64;
    divide(batch, kRows, batch.size(), batch.size(), team, poll,
           [&](Range, Range rows, int) { work(rows); });
  };
  const auto by_panels = [&](Range panels, std::int64_t grain, std::int64_t rows, auto&& work) {
    divide(panels, grain, batch.size(), rows, team, poll, work);
  };
  const std::size_t n_layers = buffers.layers.size();
  if (pass.x) {
    by_rows([&](Range rows) { pass.gather(rows); });
    for (std::size_t l = 0; l < n_layers; ++l) {
      if (buffers.layers[l].layer.stage()) {  // whose neurons need the whole row
        by_rows([&](Range rows) { pass.forward(l, rows, buffers.panels_out(l), 0); });
        continue;
      }
      by_panels(
          buffers.panels_out(l), panels_at_a_time(buffers, l), rows_at_once,
          [&](Range rows, Range panels, int thread) { pass.forward(l, rows, panels, thread); });
    }
  }
  by_rows([&](Range rows) {
    if (pass.x) pass.finish_output(rows);
    if (pass.goes_back) pass.begin_backward(rows);
  });
  const std::size_t first_trained = buffers.architecture.first_trained();
  for (std::size_t l = n_layers; pass.goes_back && --l > first_trained;) {
    if (buffers.layers[l].layer.stage()) {
      by_rows([&](Range rows) { pass.backward(l, rows, buffers.panels_in(l)); });
      continue;
    }
    if (!buffers.packed()) {
      by_panels(buffers.panels_out(l), 1, batch.size(),
                [&](Range, Range panels, int) { pass.transpose_deltas(l, panels); });
    }
    by_panels(buffers.panels_in(l), 1, rows_at_once,
              [&](Range rows, Range panels, int) { pass.backward(l, rows, panels); });
  }
}
template void run_by_columns(const PanelPass<float>&, Team&, Poll&);
template void run_by_columns(const PanelPass<double>&, Team&, Poll&);

}  // namespace chainrule
