// Rows of a dense array of the user's, of any real element type, strides and byte order.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/data/destination.h"
#include "chainrule/kernels/kernel_table.h"
#include "chainrule/memory/array_view.h"
#include "chainrule/poll.h"

namespace chainrule {

class DenseRows {
 public:
  explicit DenseRows(const ArrayView& array) : array_(array) {}

  std::int64_t rows() const { return array_.rows; }
  std::int64_t cols() const { return array_.cols; }

  // Throws std::invalid_argument that names row and column of the first element in some rows that is NaN, infinite or too
  // large for T; `name` is what the user calls the array.
  template <class T>
  void check(Range rows, const char* name, const KernelTable<T>& kernels, Poll& poll) const {
    check_finite<T>(array_, rows, name, kernels.all_finite, poll);
  }

  // Tells the CPU that these rows will be read soon.
  void prefetch(const Rows& rows) const { prefetch_rows(array_, rows); }

  // Element (rows[i], j), converted to T, goes to (i, j) of `to`.
  template <class T>
  void gather(const Rows& rows, const Destination<T>& to, const KernelTable<T>& kernels) const;

 private:
  ArrayView array_;
};

}  // namespace chainrule
