// Which columns of each product a thread computes.
// SPDX-License-Identifier: BSD-3-Clause
#include "plan/column_plan.h"

#include <algorithm>

namespace chainrule {

template <class T>
void ColumnPlan<T>::run(const typename PanelPlan<T>::Pass& pass, Team& team, Poll& poll) {
  const Span rows{0, this->batch_};
  // Always the same thread for the same columns, whose weights it may find in its cache; `grain` of them at a time.
  const auto divide = [&](Span all, std::int64_t grain, auto&& work) {
    team.run(
        [&](int index, int count) {
          const std::int64_t last = all.count() * (index + 1) / count;
          for (std::int64_t first = all.count() * index / count; first < last; first += grain) {
            work(Span{first, std::min(first + grain, last)});
            if (index == 0) poll();  // the caller's thread
            if (team.cancelled()) return;
          }
        },
        &poll);
  };
  constexpr std::int64_t kRows = 64;
  divide(rows, kRows, [&](Span share) { this->gather(pass, share); });
  for (std::size_t l = 0; l < this->n_layers(); ++l) {
    divide(this->panels_out(l), this->panels_at_a_time(l),
           [&](Span share) { this->forward(l, rows, share); });
  }
  divide(rows, kRows, [&](Span share) { this->finish_output(pass, share); });
  for (std::size_t l = this->n_layers(); pass.backward && l-- > 1;) {
    if (!this->packed()) {
      divide(this->panels_out(l), 1, [&](Span share) { this->turn_deltas(l, share); });
    }
    divide(this->panels_in(l), 1, [&](Span share) { this->backward(l, rows, share); });
  }
}

template class ColumnPlan<float>;
template class ColumnPlan<double>;

}  // namespace chainrule
