// Which tile of rows a thread takes next.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <atomic>

#include "chainrule/plan/panels/pass.h"

namespace chainrule {

template <class T>
void run_by_rows(const PanelPass<T>& pass, Team& team, Poll& poll) {
  const PanelBuffers<T>& buffers = pass.buffers;
  const std::int64_t batch = buffers.batch().size();
  const std::size_t first_trained = buffers.architecture.first_trained();
  // A tile for each thread, or several, but not so small that the weights stream through the core for a few rows only.
  const std::int64_t of_thread = (batch + team.size() - 1) / team.size();
  const std::int64_t tile = std::clamp<std::int64_t>(of_thread, 16, kMostRowsOfTile);
  alignas(kBlockAlignment) std::atomic<std::int64_t> next{0};  // row that no thread has taken yet
  const auto carry_tiles = [&](int index, int /*count*/) {
    for (;;) {
      const std::int64_t first = next.fetch_add(tile);
      if (first >= batch || team.cancelled()) return;
      const Range rows{first, std::min(first + tile, batch)};
      const std::size_t n_layers = buffers.layers.size();
      if (pass.x) {
        pass.gather(rows);
        for (std::size_t l = 0; l < n_layers; ++l) {
          pass.forward(l, rows, buffers.panels_out(l), index);
        }
        pass.finish_output(rows);
      }
      if (pass.goes_back) {
        pass.begin_backward(rows);
        for (std::size_t l = n_layers; --l > first_trained;) {
          pass.backward(l, rows, buffers.panels_in(l));
        }
      }
      if (rows.end < batch && team.on_callers_thread()) poll();
    }
  };
  team.run(carry_tiles, &poll);
}
template void run_by_rows(const PanelPass<float>&, Team&, Poll&);
template void run_by_rows(const PanelPass<double>&, Team&, Poll&);

}  // namespace chainrule
