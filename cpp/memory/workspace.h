// The working memory of a plan: first every matrix is reserved, then one block is allocated for all.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "memory/aligned_block.h"
#include "memory/matrix_view.h"

namespace chainrule {

template <class T>
class Workspace {
 public:
  // Sets `view` to a matrix of this shape as soon as allocate() is called; `view` must stay where it is.
  void reserve(std::int64_t rows, std::int64_t cols, MatrixView<T>& view) {
    view = {nullptr, rows, cols};
    views_.push_back({&view, size_});
    // Every matrix starts on a cache line of its own.
    constexpr std::int64_t kStep = kBlockAlignment / sizeof(T);
    const std::int64_t padded = checked_sum(checked_product(rows, cols), kStep - 1);
    size_ = checked_sum(size_, padded / kStep * kStep);
  }

  void allocate() {
    block_ = AlignedBlock<T>(size_);
    for (const auto& each : views_) each.view->data = block_.data() + each.offset;
    views_.clear();
  }

 private:
  struct Reserved {
    MatrixView<T>* view;
    std::int64_t offset;
  };
  std::vector<Reserved> views_;
  std::int64_t size_ = 0;
  AlignedBlock<T> block_;
};

}  // namespace chainrule
