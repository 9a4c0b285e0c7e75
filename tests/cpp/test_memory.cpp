// Blocks, workspaces, and views of the user's arrays of every element type and layout.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include "chainrule/kernels/all_targets.h"
#include "chainrule/memory/aligned_block.h"
#include "chainrule/memory/array_view.h"
#include "chainrule/memory/workspace.h"
#include "check.h"

namespace chainrule {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

bool is_aligned(const void* data) {
  return reinterpret_cast<std::uintptr_t>(data) % kBlockAlignment == 0;
}

TEST(memory_sizes_do_not_wrap_around) {
  CHECK_EQUAL(checked_product(kMax / 3, 3), kMax / 3 * 3);
  CHECK_EQUAL(checked_product(kMax, 1), kMax);
  CHECK_EQUAL(checked_product(kMax, 0), 0);
  CHECK_EQUAL(checked_sum(kMax - 1, 1), kMax);
  CHECK_THROWS(std::bad_array_new_length, "", checked_product(kMax / 3 + 1, 3));
  CHECK_THROWS(std::bad_array_new_length, "", checked_product(std::int64_t{1} << 32, 1LL << 31));
  CHECK_THROWS(std::bad_array_new_length, "", checked_product(-1, 1));
  CHECK_THROWS(std::bad_array_new_length, "", checked_product(1, -1));
  CHECK_THROWS(std::bad_array_new_length, "", checked_sum(kMax, 1));
  CHECK_THROWS(std::bad_array_new_length, "", checked_sum(-1, 1));
  CHECK_THROWS(std::bad_array_new_length, "", AlignedBlock<double>(kMax / 4));
  CHECK_THROWS(std::bad_array_new_length, "", AlignedBlock<float>(-1));
  Workspace<float> workspace;
  MatrixView<float> view;
  CHECK_THROWS(std::bad_array_new_length, "", workspace.reserve(1LL << 40, 1LL << 40, view));
}

template <class T>
void check_block(std::int64_t size) {
  check::at() = check::text("size ", size, ", ", sizeof(T), " bytes each");
  AlignedBlock<T> block(size);
  CHECK_EQUAL(block.size(), size);
  CHECK(is_aligned(block.data()));
  CHECK(std::all_of(block.data(), block.data() + size, [](T value) { return value == T(0); }));
  std::fill_n(block.data(), size, T(7));
  T* const data = block.data();
  const AlignedBlock<T> taken = std::move(block);
  CHECK(taken.data() == data);
}

TEST(memory_blocks_are_aligned_and_zeroed) {
  for (const std::int64_t size : {0, 1, 3, 16, 1000}) {
    check_block<float>(size);
    check_block<double>(size);
    check_block<std::int64_t>(size);
  }
  const AlignedBlock<float> none;
  CHECK(none.size() == 0 && none.data() == nullptr);
}

template <class T>
void check_workspace() {
  constexpr std::pair<std::int64_t, std::int64_t> kShapes[] = {
      {3, 5}, {1, 1}, {16, 16}, {0, 4}, {7, 1}, {1, 33}, {13, 10}, {2, 0}, {64, 3}};
  constexpr std::size_t kCount = std::size(kShapes);
  MatrixView<T> views[kCount];
  Workspace<T> workspace;
  for (std::size_t i = 0; i < kCount; ++i) {
    workspace.reserve(kShapes[i].first, kShapes[i].second, views[i]);
    CHECK(views[i].data == nullptr);
  }
  const auto no_poll = [] {};
  workspace.allocate(no_poll);
  for (std::size_t i = 0; i < kCount; ++i) {
    const MatrixView<T>& view = views[i];
    check::at() = check::text("matrix ", i);
    CHECK(is_aligned(view.data));
    CHECK(view.rows == kShapes[i].first && view.cols == kShapes[i].second);
    CHECK_EQUAL(view.stride, view.cols);
    std::fill_n(view.data, view.rows * view.cols, static_cast<T>(i + 1));
  }
  // Each still holds its own number after all were filled.
  for (std::size_t i = 0; i < kCount; ++i) {
    for (std::int64_t k = 0; k < views[i].rows * views[i].cols; ++k) {
      CHECK_EQUAL(views[i].data[k], static_cast<T>(i + 1));
    }
  }
}

TEST(memory_workspaces_do_not_overlap) {
  check_workspace<float>();
  check_workspace<double>();
}

// ---- Array views -------------------------------------------------------------------------------------------------

constexpr std::int64_t kRows = 3, kCols = 4;

// How 3 x 4 elements lie in memory: strides in bytes.
struct Layout {
  const char* name;
  std::int64_t row_stride, col_stride;
};

std::vector<Layout> layouts(std::int64_t size) {
  return {{"C order", kCols * size, size},
          {"Fortran order", size, kRows * size},
          {"rows apart", kCols * size + 5 * size, size},
          {"every other column", kCols * 2 * size, 2 * size},
          {"rows reversed", -kCols * size, size},
          {"columns reversed", kCols * size, -size},
          {"fields of packed records", kCols * (size + 1), size + 1}};
}

// An array that owns its memory: the stored values, in this layout and byte order, `shift` bytes off.
class Array {
 public:
  template <class Stored>
  Array(ElementType type, const std::vector<Stored>& values, const Layout& layout, bool swapped,
        std::int64_t shift) {
    constexpr std::int64_t kSize = sizeof(Stored);
    const std::int64_t rows_reach = (kRows - 1) * layout.row_stride;
    const std::int64_t cols_reach = (kCols - 1) * layout.col_stride;
    bytes_.resize(
        static_cast<std::size_t>(std::abs(rows_reach) + std::abs(cols_reach) + kSize + shift));
    std::byte* first = bytes_.data() + shift - std::min<std::int64_t>(rows_reach, 0) -
                       std::min<std::int64_t>(cols_reach, 0);
    for (std::int64_t i = 0; i < kRows; ++i) {
      for (std::int64_t k = 0; k < kCols; ++k) {
        std::byte* to = first + i * layout.row_stride + k * layout.col_stride;
        std::memcpy(to, &values[static_cast<std::size_t>(i * kCols + k)], sizeof(Stored));
        if (swapped) std::reverse(to, to + kSize);
      }
    }
    view_ = {first, type, swapped, kRows, kCols, layout.row_stride, layout.col_stride};
  }

  const ArrayView& view() const { return view_; }

 private:
  std::vector<std::byte> bytes_;
  ArrayView view_;
};

// Gathers rows 2, 0, 2 and rows 1, 2, and compares them with what the values mean as V.
template <class V, class Meaning>
void check_gather(const ArrayView& array, const std::vector<Meaning>& meaning) {
  const auto check_rows = [&](const Rows& rows) {
    std::vector<V> block(static_cast<std::size_t>(rows.size() * (kCols + 1)), V(99));
    const MatrixView<V> to(block.data(), rows.size(), kCols, kCols + 1);
    gather_rows(array, rows, to);
    for (std::int64_t i = 0; i < rows.size(); ++i) {
      for (std::int64_t k = 0; k < kCols; ++k) {
        const auto index = static_cast<std::size_t>(rows[i] * kCols + k);
        CHECK_EQUAL(to.row(i)[k], static_cast<V>(meaning[index]));
      }
      CHECK_EQUAL(to.row(i)[kCols], V(99));  // what lies between the rows is not touched
    }
  };
  constexpr std::int64_t kIndex[] = {2, 0, 2};
  check_rows({kIndex, {0, 3}});
  check_rows({nullptr, {1, 3}});
}

// `values` as they are stored in an array of this type, and the numbers that they stand for.
template <class Stored, class Meaning>
void check_type(ElementType type, const std::vector<Stored>& values,
                const std::vector<Meaning>& meaning) {
  for (const Layout& layout : layouts(sizeof(Stored))) {
    for (const bool swapped : {false, true}) {
      for (const std::int64_t shift : {0, 1}) {
        check::at() = check::text("element type ", static_cast<int>(type), ", ", layout.name,
                                  swapped ? ", bytes swapped" : "", ", shifted by ", shift);
        const Array array(type, values, layout, swapped, shift);
        check_gather<float>(array.view(), meaning);
        check_gather<double>(array.view(), meaning);
        if constexpr (std::is_integral_v<Meaning>)
          check_gather<std::int64_t>(array.view(), meaning);
      }
    }
  }
}

template <class Integer>
void check_integers(ElementType type) {
  using Limits = std::numeric_limits<Integer>;
  constexpr auto kMiddle = static_cast<Integer>(Limits::max() / 2);
  const std::vector<Integer> values{
      0, 1, 2, 3, 5, 77, 100, 127, kMiddle, kMiddle + 1, Limits::min(), Limits::max()};
  check_type(type, values, values);
}

template <class Float>
void check_floats(ElementType type) {
  using Limits = std::numeric_limits<Float>;
  const std::vector<Float> values{Float(0),   Float(-0.5),        Float(1.25),         Float(1) / 3,
                                  Float(-7),  Limits::min(),      Limits::epsilon(),   Float(1e30F),
                                  Float(-65), Limits::infinity(), -Limits::infinity(), Float(12)};
  check_type(type, values, values);
}

TEST(memory_views_read_every_type_in_every_layout) {
  check_integers<std::int8_t>(ElementType::kInt8);
  check_integers<std::int16_t>(ElementType::kInt16);
  check_integers<std::int32_t>(ElementType::kInt32);
  check_integers<std::int64_t>(ElementType::kInt64);
  check_integers<std::uint8_t>(ElementType::kUInt8);
  check_integers<std::uint16_t>(ElementType::kUInt16);
  check_integers<std::uint32_t>(ElementType::kUInt32);
  check_integers<std::uint64_t>(ElementType::kUInt64);
  check_floats<float>(ElementType::kFloat32);
  check_floats<double>(ElementType::kFloat64);
  check_floats<long double>(ElementType::kLongDouble);
}

TEST(memory_views_read_half_precision) {
  // IEEE 754-2008: 1 bit sign, 5 bits exponent, 10 bits fraction.
  const std::vector<std::uint16_t> bits{0x0000, 0x8000, 0x3C00, 0xC000, 0x3555, 0x7BFF,
                                        0xFBFF, 0x0400, 0x0001, 0x83FF, 0x7C00, 0xFC00};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> meaning{0,         -0.0,      1,       -2,      1365 / 4096.0,
                                    65504,     -65504,    0x1p-14, 0x1p-24, -1023 * 0x1p-24,
                                    kInfinity, -kInfinity};
  check_type(ElementType::kFloat16, bits, meaning);

  const std::vector<std::uint16_t> nan(kRows * kCols, 0x7E00);
  const Array array(ElementType::kFloat16, nan, layouts(2)[0], false, 0);
  double row[kCols] = {};
  gather_rows(array.view(), one_row(0), MatrixView<double>(row, 1, kCols));
  CHECK(std::isnan(row[0]));
}

TEST(memory_views_read_any_byte_as_a_bool) {
  const std::vector<std::uint8_t> bytes{0, 1, 2, 255, 0, 0, 1, 1, 128, 0, 3, 0};
  check_type(ElementType::kBool, bytes, std::vector<int>{0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 1, 0});
}

TEST(memory_views_of_plain_matrices) {
  const float floats[] = {1, 2, 3, 4, 5, 6};
  const double doubles[] = {1, 2, 3, 4, 5, 6};
  const std::int64_t integers[] = {1, 2, 3, 4, 5, 6};
  for (const ArrayView& view :
       {array_view(floats, 3, 2), array_view(doubles, 3, 2), array_view(integers, 3, 2)}) {
    double last_row[2];
    gather_rows(view, one_row(2), MatrixView<double>(last_row, 1, 2));
    CHECK(last_row[0] == 5 && last_row[1] == 6);
    gather_rows(view.col_range(1, 1), one_row(0), MatrixView<double>(last_row, 1, 1));
    CHECK(last_row[0] == 2 && last_row[1] == 6);
  }
}

TEST(memory_views_read_one_element_many_times) {
  const double value = 2.5;
  const ArrayView array{reinterpret_cast<const std::byte*>(&value),
                        ElementType::kFloat64,
                        false,
                        std::int64_t{1} << 40,
                        3,
                        0,
                        0};
  float row[3];
  gather_rows(array, one_row((std::int64_t{1} << 40) - 1), MatrixView<float>(row, 1, 3));
  CHECK(row[0] == 2.5F && row[1] == 2.5F && row[2] == 2.5F);
}

// ---- Finite numbers ----------------------------------------------------------------------------------------------

template <class T>
auto finite_test() {
  return tables_of<T>(current_target()).kernels.all_finite;
}

template <class T, class Stored>
void check_finds(ElementType type, Stored bad, const char* part) {
  for (const bool swapped : {false, true}) {
    std::vector<Stored> values(kRows * kCols, Stored(1));
    values[2 * kCols + 3] = values[1 * kCols + 2] = bad;
    const Array array(type, values, layouts(sizeof(Stored))[1], swapped, 1);
    Poll poll;
    const auto check = [&](Range rows) {
      check_finite<T>(array.view(), rows, "x", finite_test<T>(), poll);
    };
    CHECK_THROWS(std::invalid_argument, part, check({0, kRows}));
    CHECK_THROWS(std::invalid_argument, part, check({1, kRows}));
    check({0, 1});
  }
}

TEST(memory_finite_check_names_row_and_column) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const char* const expected = "in row 1, column 2; expected finite numbers only";
  check_finds<double>(ElementType::kFloat64, kNan, expected);
  check_finds<float>(ElementType::kFloat64, kNan, expected);
  check_finds<double>(ElementType::kFloat64, kInfinity, "x has inf in row 1, column 2");
  check_finds<double>(ElementType::kFloat64, -kInfinity, "x has -inf in row 1, column 2");
  check_finds<float>(ElementType::kFloat32, static_cast<float>(kNan), expected);
  check_finds<double>(ElementType::kLongDouble, static_cast<long double>(kNan), expected);
  check_finds<float>(ElementType::kFloat16, std::uint16_t{0x7C01}, expected);
  check_finds<float>(ElementType::kFloat64, 1e39,
                     "x has 1e+39 in row 1, column 2, too large for float32");
}

TEST(memory_finite_check_can_be_interrupted) {
  // A trillion rows, all of them the same float.
  const float value = 1;
  const ArrayView endless{reinterpret_cast<const std::byte*>(&value),
                          ElementType::kFloat32,
                          false,
                          1'000'000'000'000,
                          1,
                          0,
                          0};
  Poll poll([] { throw std::runtime_error("interrupted"); });
  CHECK_THROWS(std::runtime_error, "interrupted",
               check_finite<float>(endless, {0, endless.rows}, "x", finite_test<float>(), poll));
}

}  // namespace
}  // namespace chainrule
