// Which columns of each product a thread computes.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/plan/column_plan.h"

#include <algorithm>

namespace chainrule {

template <class T>
void ColumnPlan<T>::run(const typename PanelPlan<T>::Pass& pass, Team& team, Poll& poll) {
  // Always the same thread for the same columns, whose weights it may find in its cache; `grain` of them at a time.
  const auto divide = [&](Span all, std::int64_t grain, std::int64_t rows_at_once, auto&& work) {
    team.run(
        [&](int index, int count) {
          const std::int64_t last = all.count() * (index + 1) / count;
          for (std::int64_t row = 0; row < this->batch_; row += rows_at_once) {
            const Span rows{row, std::min(row + rows_at_once, this->batch_)};
            for (std::int64_t first = all.count() * index / count; first < last; first += grain) {
              work(rows, Span{first, std::min(first + grain, last)}, index);
              if (index == 0) poll();  // the caller's thread
              if (team.cancelled()) return;
            }
          }
        },
        &poll);
  };
  constexpr std::int64_t kRows = 64;
  const Span batch{0, this->batch_};
  // Weights that are packed on the way, or deltas that are turned, are so for all rows at once.
  const std::int64_t rows_at_once = this->packed() ? kRowsOfProduct<T> : this->batch_;
  divide(batch, kRows, this->batch_, [&](Span, Span share, int) { this->gather(pass, share); });
  for (std::size_t l = 0; l < this->n_layers(); ++l) {
    divide(this->panels_out(l), this->panels_at_a_time(l), rows_at_once,
           [&](Span rows, Span share, int thread) { this->forward(l, rows, share, thread); });
  }
  divide(batch, kRows, this->batch_,
         [&](Span, Span share, int) { this->finish_output(pass, share); });
  for (std::size_t l = this->n_layers(); pass.backward && l-- > 1;) {
    if (!this->packed()) {
      divide(this->panels_out(l), 1, this->batch_,
             [&](Span, Span share, int) { this->turn_deltas(l, share); });
    }
    divide(this->panels_in(l), 1, rows_at_once,
           [&](Span rows, Span share, int) { this->backward(l, rows, share); });
  }
}

template class ColumnPlan<float>;
template class ColumnPlan<double>;

}  // namespace chainrule
