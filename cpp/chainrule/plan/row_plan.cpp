// Which tile of rows a thread takes next.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/row_plan.h"

#include <algorithm>

namespace chainrule {

template <class T>
void RowPlan<T>::run(const typename PanelPlan<T>::Pass& pass, Team& team, Poll& poll) {
  // A tile for each thread, or several, but not so small that the weights stream through the core for a few rows only.
  const std::int64_t even = (this->batch_ + team.size() - 1) / team.size();
  const std::int64_t tile = std::clamp<std::int64_t>(even, 16, kMostRows);
  const auto carry_tiles = [&](int index, int /*count*/) {
    for (;;) {
      const std::int64_t first = this->next_rows_.fetch_add(tile);
      if (first >= this->batch_ || team.cancelled()) return;
      const Span rows{first, std::min(first + tile, this->batch_)};
      this->gather(pass, rows);
      for (std::size_t l = 0; l < this->n_layers(); ++l) {
        this->forward(l, rows, this->panels_out(l), index);
      }
      this->finish_output(pass, rows);
      for (std::size_t l = this->n_layers(); pass.backward && l-- > 1;) {
        this->backward(l, rows, this->panels_in(l));
      }
      if (index == 0 && rows.last < this->batch_) poll();  // the caller's thread
    }
  };
  team.run(carry_tiles, &poll);
}

template class RowPlan<float>;
template class RowPlan<double>;

}  // namespace chainrule
