// The product on packed panels. A tile of c stays in registers while k runs: numbers of a are broadcast from memory, a
// row of the panel of b is read once for all rows of the tile. Compiled for every CPU target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/kernel_table.h"
#include "chainrule/kernels/rows.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// The tile's shape. Its sums, a row of b and one number of a fill the registers; a panel is as wide as the widest tile.
template <class V>
constexpr int kTileVectors = V::kRegisters / 8;
template <class V>
constexpr int tile_rows(int vectors) {
  const int rows = (V::kRegisters - vectors - 1) / vectors;
  return rows < 12 ? rows : 12;  // enough chains for the latency of fma
}
template <class V>
constexpr int64_t kPanelWidth = int64_t{kTileVectors<V>} * V::kWidth;

// A row of a tile: all of its vectors but the last are full.
template <class V, int kVectors>
CHAINRULE_INLINE void load_row(const typename V::Number* from, int64_t cols, V* row) {
  constexpr int64_t kFull = int64_t{kVectors - 1} * V::kWidth;
  for (int v = 0; v < kVectors - 1; ++v) row[v] = V::load(from + v * V::kWidth);
  row[kVectors - 1] = load_part(from + kFull, cols - kFull);
}
template <class V, int kVectors>
CHAINRULE_INLINE void store_row(const V* row, int64_t cols, typename V::Number* to) {
  constexpr int64_t kFull = int64_t{kVectors - 1} * V::kWidth;
  for (int v = 0; v < kVectors - 1; ++v) row[v].store(to + v * V::kWidth);
  store_part(row[kVectors - 1], to + kFull, cols - kFull);
}

template <class V, Access kAccess, int kVectors, int kRows>
void multiply_tile(const PanelProduct<typename V::Number>& p, int64_t first_row) {
  using T = typename V::Number;
  constexpr int64_t kPanel = kPanelWidth<V>;
  int64_t row_stride = p.a_row_stride, step = p.a_step;
  if constexpr (kAccess == Access::kRows) row_stride = kPanel, step = 1;
  if constexpr (kAccess == Access::kColumns) row_stride = 1;

  V sum[kRows][kVectors];
  T* c = p.c + first_row * p.c_stride;
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) sum[i][v] = V::zero();
    if (p.accumulate) load_row<V, kVectors>(c + i * p.c_stride, p.cols, sum[i]);
  }
  const T* panel = p.a + first_row * row_stride;
  const T* b = p.b;
  // Along a row, a panel ends after kPanel steps, and the next one lies elsewhere.
  for (int64_t left = p.depth; left > 0; left -= kPanel, panel += p.a_panel_stride) {
    const int64_t steps = kAccess == Access::kRows && left > kPanel ? kPanel : left;
    const T* a = panel;
    for (int64_t k = 0; k < steps; ++k, a += step, b += p.b_stride) {
      V row_of_b[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) row_of_b[v] = V::load(b + v * V::kWidth);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) {
        const V number = V::set(a[i * row_stride]);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sum[i][v] = fma(number, row_of_b[v], sum[i][v]);
      }
    }
    if constexpr (kAccess != Access::kRows) break;
  }
  for (int i = 0; i < kRows; ++i) store_row<V, kVectors>(sum[i], p.cols, c + i * p.c_stride);
}

template <class V>
using Tile = void (*)(const PanelProduct<typename V::Number>&, int64_t);

template <int... kNumbers>
struct Numbers {};
template <int kCount, int... kNumbers>
struct CountTo : CountTo<kCount - 1, kCount - 1, kNumbers...> {};
template <int... kNumbers>
struct CountTo<0, kNumbers...> {
  using type = Numbers<kNumbers...>;
};

template <class V, Access kAccess, int kVectors, int... kRows>
Tile<V> tile_of(int64_t rows, Numbers<kRows...>) {
  static constexpr Tile<V> kTiles[] = {multiply_tile<V, kAccess, kVectors, kRows + 1>...};
  return kTiles[rows - 1];
}

// Rows `first` to `last` of what comes next, into the second cache: the first one is full of what is being computed.
template <class V>
CHAINRULE_INLINE void fetch_ahead([[maybe_unused]] const Ahead<typename V::Number>& ahead,
                                  [[maybe_unused]] int64_t first, [[maybe_unused]] int64_t last) {
#if defined(__GNUC__)
  constexpr int64_t kNumbersOfLine = 64 / sizeof(typename V::Number);
  for (int n = 0; n < ahead.n_matrices; ++n) {
    const auto* row = ahead.matrix[n] + first * ahead.stride[n];
    for (int64_t i = first; i < last; ++i, row += ahead.stride[n]) {
      for (int64_t j = 0; j < kPanelWidth<V>; j += kNumbersOfLine)
        __builtin_prefetch(row + j, 0, 2);
    }
  }
#endif
}

// Rows are shared out evenly: 64 rows in tiles of at most 6 are 11 tiles of 5 or 6, not 10 of 6 and one of 4.
template <class V, Access kAccess, int kVectors>
void multiply_rows(const PanelProduct<typename V::Number>& p) {
  constexpr int kRows = tile_rows<V>(kVectors);
  const int64_t tiles = (p.rows + kRows - 1) / kRows;
  int64_t first = 0;
  for (int64_t tile = 1; tile <= tiles; ++tile) {
    if (p.ahead.rows) {
      fetch_ahead<V>(p.ahead, p.ahead.rows * (tile - 1) / tiles, p.ahead.rows * tile / tiles);
    }
    const int64_t last = p.rows * tile / tiles;
    tile_of<V, kAccess, kVectors>(last - first, typename CountTo<kRows>::type())(p, first);
    first = last;
  }
}

template <class V, Access kAccess, int kVectors>
void multiply_vectors(const PanelProduct<typename V::Number>& p) {
  if (kVectors == 1 || p.cols > (kVectors - 1) * V::kWidth) {
    multiply_rows<V, kAccess, kVectors>(p);
  } else if constexpr (kVectors > 1) {
    multiply_vectors<V, kAccess, kVectors - 1>(p);
  }
}

template <class V>
void multiply_block(const PanelProduct<typename V::Number>& p) {
  switch (p.access) {
    case Access::kRows: return multiply_vectors<V, Access::kRows, kTileVectors<V>>(p);
    case Access::kColumns: return multiply_vectors<V, Access::kColumns, kTileVectors<V>>(p);
    case Access::kStrided: return multiply_vectors<V, Access::kStrided, kTileVectors<V>>(p);
  }
}

// A long k in blocks, so that a block of b stays in the core's cache for all rows: 1024 rows of 64 floats are a quarter
// of a megabyte. The chains of fma go on from block to block.
template <class V>
void multiply_panel(const PanelProduct<typename V::Number>& p) {
  constexpr int64_t kPanel = kPanelWidth<V>;
  constexpr int64_t kBytes = 1 << 18;
  constexpr int64_t kDepth = kBytes / (kPanel * int64_t{sizeof(typename V::Number)});
  static_assert(kDepth % kPanel == 0, "a block of k ends where a panel of a ends");
  if (p.depth <= kDepth + kDepth / 2) return multiply_block<V>(p);
  PanelProduct<typename V::Number> block = p;
  const int64_t step_of_a =
      p.access == Access::kRows ? kDepth / kPanel * p.a_panel_stride : kDepth * p.a_step;
  for (int64_t left = p.depth; left > 0; left -= kDepth) {
    block.depth = left < kDepth ? left : kDepth;
    multiply_block<V>(block);
    block.a += step_of_a;
    block.b += kDepth * p.b_stride;
    block.accumulate = true;
    block.ahead.rows = 0;
  }
}

// Some rows of b are passed over at a time, and c in between: few enough streams for the CPU to fetch ahead, long enough
// to use all that it fetches.
template <class V, int kRows>
void add_rows(const typename V::Number* a, const typename V::Number* b, int64_t b_stride,
              int64_t cols, typename V::Number* c, bool accumulate) {
  V numbers[kRows];
  for (int k = 0; k < kRows; ++k) numbers[k] = V::set(a[k]);
  Row<V>(cols).for_each([&](auto at) {
    V sum = accumulate ? at(c) : V::zero();
    for (int k = 0; k < kRows; ++k) sum = fma(numbers[k], at(b + k * b_stride), sum);
    at.put(c, sum);
  });
}

template <class V>
void multiply_row(const typename V::Number* a, int64_t depth, const typename V::Number* b,
                  int64_t b_stride, int64_t cols, typename V::Number* c) {
  constexpr int kRows = V::kRegisters / 4;
  int64_t k = 0;
  for (; k + kRows <= depth; k += kRows) {
    add_rows<V, kRows>(a + k, b + k * b_stride, b_stride, cols, c, k > 0);
  }
  for (; k < depth; ++k) add_rows<V, 1>(a + k, b + k * b_stride, b_stride, cols, c, k > 0);
}

template <class V>
void copy_block(const typename V::Number* from, int64_t from_stride, int64_t rows, int64_t cols,
                typename V::Number* to, int64_t to_stride) {
  const Row<V> row(cols);
  for (int64_t i = 0; i < rows; ++i, from += from_stride, to += to_stride) {
    row.for_each([&](auto at) { at.put(to, at(from)); });
  }
}

template <class V>
void transpose_block(const typename V::Number* from, int64_t from_stride, int64_t rows,
                     int64_t cols, typename V::Number* to, int64_t to_stride) {
  constexpr int kWidth = V::kWidth;
  constexpr int64_t kFew = 4;  // of which a block of vectors would be mostly empty
  if (rows <= kFew || cols <= kFew) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < cols; ++c) to[c * to_stride + r] = from[r * from_stride + c];
    }
    return;
  }
  for (int64_t r = 0; r < rows; r += kWidth) {
    const int n_rows = static_cast<int>(rows - r < kWidth ? rows - r : kWidth);
    for (int64_t c = 0; c < cols; c += kWidth) {
      const int n_cols = static_cast<int>(cols - c < kWidth ? cols - c : kWidth);
      V block[kWidth];
      for (int i = 0; i < kWidth; ++i) {
        const auto* place = from + (r + i) * from_stride + c;
        block[i] = i >= n_rows        ? V::zero()
                   : n_cols == kWidth ? V::load(place)
                                      : V::load_first(place, n_cols);
      }
      transpose(block);
      for (int j = 0; j < n_cols; ++j) {
        auto* place = to + (c + j) * to_stride + r;
        n_rows == kWidth ? block[j].store(place) : block[j].store_first(place, n_rows);
      }
    }
  }
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
