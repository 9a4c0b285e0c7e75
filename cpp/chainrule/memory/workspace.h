// The working memory of a plan: first every matrix is reserved, then one block is allocated for all.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "chainrule/memory/aligned_block.h"
#include "chainrule/memory/matrix_view.h"

namespace chainrule {

template <class T>
class Workspace {
 public:
  // Sets `view` to a matrix of this shape as soon as allocate() is called; `view` must stay where it is.
  void reserve(std::int64_t rows, std::int64_t cols, MatrixView<T>& view) {
    view = {nullptr, rows, cols};
    reserve(checked_product(rows, cols), view.data);
  }

  // Sets `data` to `size` elements as soon as allocate() is called; it must stay where it is.
  void reserve(std::int64_t size, T*& data) {
    places_.push_back({&data, size_});
    // Everything starts on a cache line of its own.
    constexpr std::int64_t kStep = kBlockAlignment / sizeof(T);
    size_ = checked_sum(size_, checked_sum(size, kStep - 1) / kStep * kStep);
  }

  template <class Poll>
  void allocate(Poll& poll) {
    block_ = AlignedBlock<T>(size_, poll);
    for (const auto& each : places_) *each.data = block_.data() + each.offset;
    places_.clear();
  }

 private:
  struct Place {
    T** data;
    std::int64_t offset;
  };
  std::vector<Place> places_;
  std::int64_t size_ = 0;
  AlignedBlock<T> block_;
};

}  // namespace chainrule
