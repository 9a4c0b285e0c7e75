// The user's array in place: any real element type, any strides, any byte order; only read.
// Rows are converted where they are needed, so that a data set is never copied as a whole.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "chainrule/memory/matrix_view.h"
#include "chainrule/memory/range.h"
#include "chainrule/poll.h"

namespace chainrule {

enum class ElementType {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUInt8,
  kUInt16,
  kUInt32,
  kUInt64,
  kFloat16,
  kFloat32,
  kFloat64,
  kLongDouble,
};

struct ArrayView {
  const std::byte* data = nullptr;
  ElementType type = ElementType::kFloat64;
  bool swapped = false;  // bytes in the other order than this CPU's
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_stride = 0;  // bytes, may be negative or 0
  std::int64_t col_stride = 0;

  ArrayView col_range(std::int64_t first, std::int64_t count) const;
};

// View of a plain row-major matrix, for C++ programs.
ArrayView array_view(const float* data, std::int64_t rows, std::int64_t cols);
ArrayView array_view(const double* data, std::int64_t rows, std::int64_t cols);
ArrayView array_view(const std::int64_t* data, std::int64_t rows, std::int64_t cols);

// Which rows of an array make up a batch: those of the range or, where there is an index, those that it holds there.
struct Rows {
  const std::int64_t* index = nullptr;
  Range range;

  std::int64_t size() const { return range.size(); }
  std::int64_t operator[](std::int64_t i) const {
    return index ? index[range.begin + i] : range.begin + i;
  }
  // Those from number `part.begin` to `part.end` of these.
  Rows part(Range part) const {
    return {index, {range.begin + part.begin, range.begin + part.end}};
  }
  Rows one(std::int64_t i) const { return part({i, i + 1}); }
};
inline Rows one_row(std::int64_t i) { return {nullptr, {i, i + 1}}; }

// to[i, :] = array[rows[i], :], converted to V (float, double or int64; a float turns into an int64 by truncation).
template <class V>
void gather_rows(const ArrayView& array, const Rows& rows, MatrixView<V> to);

// The row as a T* where its elements are contiguous and of type T; else null.
template <class T>
const T* row_in_place(const ArrayView& array, std::int64_t row) {
  constexpr ElementType kOwn = sizeof(T) == 4 ? ElementType::kFloat32 : ElementType::kFloat64;
  constexpr std::int64_t kSize = sizeof(T);
  if (array.type != kOwn || array.swapped || array.col_stride != kSize) return nullptr;
  const std::byte* place = array.data + row * array.row_stride;
  const bool aligned = reinterpret_cast<std::uintptr_t>(place) % alignof(T) == 0;
  return aligned ? reinterpret_cast<const T*>(place) : nullptr;
}

// Tells the CPU that these rows will be read soon.
void prefetch_rows(const ArrayView& array, const Rows& rows);

// Throws std::invalid_argument that names row and column of the first element in some rows that is NaN, infinite,
// or too large for T; `name` is what the user calls the array, and all_finite looks at numbers side by side.
template <class T>
void check_finite(const ArrayView& array, Range rows, const char* name,
                  bool (*all_finite)(const T* numbers, std::int64_t count), Poll& poll);

}  // namespace chainrule
