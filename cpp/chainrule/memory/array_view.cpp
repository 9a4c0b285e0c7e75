// Reading the user's array: one loop, instantiated for every element type and byte order.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/memory/array_view.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/error.h"

namespace chainrule {
namespace {

struct Float16 {
  std::uint16_t bits;

  // IEEE 754-2008, binary16: 1 bit sign, 5 bits exponent (bias 15), 10 bits fraction.
  explicit operator double() const {
    const double sign = bits & 0x8000 ? -1.0 : 1.0;
    const int exponent = bits >> 10 & 0x1f;
    const int fraction = bits & 0x3ff;
    if (exponent == 0x1f) {
      return fraction ? std::numeric_limits<double>::quiet_NaN()
                      : sign * std::numeric_limits<double>::infinity();
    }
    if (exponent == 0) return sign * std::ldexp(fraction, -24);
    return sign * std::ldexp(fraction + 0x400, exponent - 25);
  }
};

// A bool that another program stored may hold any byte; as a C++ bool that would be undefined.
struct Bool {
  std::uint8_t byte;
  explicit operator double() const { return byte ? 1.0 : 0.0; }
};

template <class V, class Stored>
V convert(Stored value) {
  if constexpr (std::is_arithmetic_v<Stored>) {
    return static_cast<V>(value);
  } else {
    return static_cast<V>(static_cast<double>(value));
  }
}

template <class Stored, bool kSwapped>
Stored load(const std::byte* from) {
  Stored value;
  if constexpr (kSwapped) {
    std::byte bytes[sizeof(Stored)];
    std::reverse_copy(from, from + sizeof(Stored), bytes);
    std::memcpy(&value, bytes, sizeof(Stored));
  } else {
    std::memcpy(&value, from, sizeof(Stored));
  }
  return value;
}

// Converts the rows to rows to_stride elements apart.
template <class V>
using RowReader = void (*)(const ArrayView& array, const Rows& rows, V* to, std::int64_t to_stride);

// to[i * to_stride + k] = row i [k] for k < kCount
template <std::int64_t kCount, class V>
void copy_columns(const std::byte* from, std::int64_t row_stride, const Rows& rows, V* to,
                  std::int64_t to_stride) {
  for (std::int64_t i = 0; i < rows.size(); ++i, to += to_stride) {
    std::memcpy(to, from + rows[i] * row_stride, kCount * sizeof(V));
  }
}

// Rows whose elements are contiguous and need no conversion.
template <class V>
void copy_rows(const ArrayView& array, const Rows& rows, V* to, std::int64_t to_stride) {
  constexpr std::int64_t kShort = 64;  // for which a call of memcpy costs more than the copies
  const std::int64_t cols = array.cols;
  if (cols > kShort) {
    for (std::int64_t i = 0; i < rows.size(); ++i, to += to_stride) {
      std::memcpy(to, array.data + rows[i] * array.row_stride,
                  static_cast<std::size_t>(cols) * sizeof(V));
    }
    return;
  }
  // A few columns of some rows at a time, in loops without a branch: row by row, a row of 4 floats took 36 instructions.
  constexpr std::int64_t kRows = 64, kCols = 16 / sizeof(V);
  for (std::int64_t first = 0; first < rows.size(); first += kRows) {
    const Rows some = rows.part({first, std::min(first + kRows, rows.size())});
    V* const to_some = to + first * to_stride;
    std::int64_t k = 0;
    const auto next = [&] { return array.data + k * static_cast<std::int64_t>(sizeof(V)); };
    for (; k + kCols <= cols; k += kCols) {
      copy_columns<kCols>(next(), array.row_stride, some, to_some + k, to_stride);
    }
    for (; k < cols; ++k) copy_columns<1>(next(), array.row_stride, some, to_some + k, to_stride);
  }
}

template <class V, class Stored, bool kSwapped>
void read_rows(const ArrayView& array, const Rows& rows, V* to, std::int64_t to_stride) {
  const std::int64_t stride = array.col_stride, cols = array.cols;
  if constexpr (std::is_same_v<V, Stored> && !kSwapped) {
    if (stride == sizeof(V)) return copy_rows(array, rows, to, to_stride);
  }
  for (std::int64_t i = 0; i < rows.size(); ++i, to += to_stride) {
    const std::byte* from = array.data + rows[i] * array.row_stride;
    for (std::int64_t k = 0; k < cols; ++k) {
      to[k] = convert<V>(load<Stored, kSwapped>(from + k * stride));
    }
  }
}

template <class V, class Stored>
RowReader<V> reader_of(bool swapped) {
  return swapped ? read_rows<V, Stored, true> : read_rows<V, Stored, false>;
}

template <class V>
RowReader<V> row_reader(const ArrayView& array) {
  switch (array.type) {
    case ElementType::kBool: return reader_of<V, Bool>(array.swapped);
    case ElementType::kInt8: return reader_of<V, std::int8_t>(array.swapped);
    case ElementType::kInt16: return reader_of<V, std::int16_t>(array.swapped);
    case ElementType::kInt32: return reader_of<V, std::int32_t>(array.swapped);
    case ElementType::kInt64: return reader_of<V, std::int64_t>(array.swapped);
    case ElementType::kUInt8: return reader_of<V, std::uint8_t>(array.swapped);
    case ElementType::kUInt16: return reader_of<V, std::uint16_t>(array.swapped);
    case ElementType::kUInt32: return reader_of<V, std::uint32_t>(array.swapped);
    case ElementType::kUInt64: return reader_of<V, std::uint64_t>(array.swapped);
    case ElementType::kFloat16: return reader_of<V, Float16>(array.swapped);
    case ElementType::kFloat32: return reader_of<V, float>(array.swapped);
    case ElementType::kFloat64: return reader_of<V, double>(array.swapped);
    case ElementType::kLongDouble: return reader_of<V, long double>(array.swapped);
  }
  throw std::logic_error("unknown element type");
}

template <class Stored>
ArrayView row_major(const Stored* data, ElementType type, std::int64_t rows, std::int64_t cols) {
  constexpr std::int64_t kSize = sizeof(Stored);
  return {reinterpret_cast<const std::byte*>(data), type, false, rows, cols, cols * kSize, kSize};
}

}  // namespace

ArrayView ArrayView::col_range(std::int64_t first, std::int64_t count) const {
  ArrayView part = *this;
  part.data += first * col_stride;
  part.cols = count;
  return part;
}

ArrayView array_view(const float* data, std::int64_t rows, std::int64_t cols) {
  return row_major(data, ElementType::kFloat32, rows, cols);
}
ArrayView array_view(const double* data, std::int64_t rows, std::int64_t cols) {
  return row_major(data, ElementType::kFloat64, rows, cols);
}
ArrayView array_view(const std::int64_t* data, std::int64_t rows, std::int64_t cols) {
  return row_major(data, ElementType::kInt64, rows, cols);
}

template <class V>
void gather_rows(const ArrayView& array, const Rows& rows, MatrixView<V> to) {
  row_reader<V>(array)(array, rows, to.data, to.stride);
}
template void gather_rows(const ArrayView&, const Rows&, MatrixView<float>);
template void gather_rows(const ArrayView&, const Rows&, MatrixView<double>);
template void gather_rows(const ArrayView&, const Rows&, MatrixView<std::int64_t>);

void prefetch_rows([[maybe_unused]] const ArrayView& array, [[maybe_unused]] const Rows& rows) {
#if defined(__GNUC__)
  // Lines of a call: more would push out what is in use.
  constexpr std::int64_t kLine = 64, kMostLines = 1 << 12;
  const std::int64_t stride = std::abs(array.col_stride);
  if (array.cols == 0 || stride == 0) return;
  // From line to line where elements are close together, else from element to element.
  const std::int64_t bytes = (array.cols - 1) * stride + 1, step = std::max(stride, kLine);
  const std::int64_t before = array.col_stride < 0 ? bytes - 1 : 0;
  const std::int64_t most_rows = kMostLines / (bytes / step + 1);
  for (std::int64_t i = 0; i < std::min(rows.size(), most_rows); ++i) {
    const std::byte* row = array.data + rows[i] * array.row_stride - before;
    // Into the second cache: the first one is full of what is being computed.
    for (std::int64_t at = 0; at < bytes; at += step) __builtin_prefetch(row + at, 0, 2);
    __builtin_prefetch(row + bytes - 1, 0, 2);
  }
#endif
}

template <class T>
[[noreturn]] void throw_not_finite(const ArrayView& array, const char* name, std::int64_t row) {
  for (std::int64_t k = 0; k < array.cols; ++k) {
    long double stored;
    row_reader<long double>(array)(array.col_range(k, 1), one_row(row), &stored, 1);
    if (std::isfinite(static_cast<T>(stored))) continue;
    throw std::invalid_argument(
        std::string(name) + " has " + text_of(stored) + " in row " + std::to_string(row) +
        ", column " + std::to_string(k) +
        (std::isfinite(stored)
             ? std::string(", too large for ") + (sizeof(T) == 4 ? "float32" : "float64")
             : "; expected finite numbers only"));
  }
  throw std::invalid_argument(std::string(name) + " was changed while it was in use");
}

template <class T>
void check_finite(const ArrayView& array, Range rows, const char* name,
                  bool (*all_finite)(const T* numbers, std::int64_t count), Poll& poll) {
  if (array.type < ElementType::kFloat16) return;  // whole numbers: all fit
  const bool in_place = row_in_place<T>(array, 0) && row_in_place<T>(array, 1);
  const bool without_gaps =
      in_place && array.row_stride == array.cols * static_cast<std::int64_t>(sizeof(T));
  const RowReader<T> read = row_reader<T>(array);
  std::vector<T> converted(in_place ? 0 : static_cast<std::size_t>(array.cols));
  // Some ten microseconds' worth.
  const std::int64_t rows_between_polls =
      std::max<std::int64_t>(65536 / std::max<std::int64_t>(array.cols, 1), 1);
  for (std::int64_t first = rows.begin; first < rows.end; first += rows_between_polls) {
    const std::int64_t last = std::min(first + rows_between_polls, rows.end);
    const T* const block = without_gaps ? row_in_place<T>(array, first) : nullptr;
    const bool all = block && all_finite(block, (last - first) * array.cols);
    for (std::int64_t i = first; !all && i < last; ++i) {
      const T* row = in_place ? row_in_place<T>(array, i) : converted.data();
      if (!in_place) read(array, one_row(i), converted.data(), array.cols);
      if (!all_finite(row, array.cols)) throw_not_finite<T>(array, name, i);
    }
    if (last < rows.end) poll();
  }
}
template void check_finite(const ArrayView&, Range, const char*,
                           bool (*)(const float*, std::int64_t), Poll&);
template void check_finite(const ArrayView&, Range, const char*,
                           bool (*)(const double*, std::int64_t), Poll&);

}  // namespace chainrule
