// Where the rows of x come from. No plan knows which source it is: a source says its size, checks and prefetches its rows,
// and gathers those of a batch to where the plan wants them.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>
#include <variant>

#include "chainrule/data/dense_rows.h"

namespace chainrule {

class RowSource {
 public:
  RowSource() : source_(DenseRows({})) {}
  template <class Source>
  RowSource(Source source) : source_(std::move(source)) {}
  RowSource(const ArrayView& array) : source_(DenseRows(array)) {}

  std::int64_t rows() const {
    return std::visit([](const auto& source) { return source.rows(); }, source_);
  }
  std::int64_t cols() const {
    return std::visit([](const auto& source) { return source.cols(); }, source_);
  }
  template <class T>
  void check(Range rows, const char* name, const KernelTable<T>& kernels, Poll& poll) const {
    std::visit([&](const auto& source) { source.check(rows, name, kernels, poll); }, source_);
  }
  void prefetch(const Rows& rows) const {
    std::visit([&](const auto& source) { source.prefetch(rows); }, source_);
  }
  template <class T>
  void gather(const Rows& rows, const Destination<T>& to, const KernelTable<T>& kernels) const {
    std::visit([&](const auto& source) { source.gather(rows, to, kernels); }, source_);
  }

 private:
  std::variant<DenseRows> source_;
};

}  // namespace chainrule
