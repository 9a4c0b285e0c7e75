// What a stage between dense layers reads and writes, for some samples. The matrices are in panels, or row by row: element
// (i, j) lies at i * row_stride + j / panel_width * panel_stride + j % panel_width.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "chainrule/inline.h"
#include "chainrule/random/noise.h"
#include "chainrule/stages/list.h"

namespace chainrule {

// Of one sample.
template <class T>
struct StageValues {
  const T* in;
  T* out;
  const T* dC_dout;
  T* dC_din;
  T* kept;  // what forward() keeps for the way back
  const T* first_trained;
  std::int64_t n;

  CHAINRULE_INLINE const T* trained(int index) const { return first_trained + index * n; }
};

template <class T>
struct StageRows {
  StageChoice stage;
  std::int64_t number = 0;  // of the stage in its network
  Noise noise;
  std::int64_t first_sample = 0;  // in the batch
  std::int64_t rows = 0, cols = 0;
  std::int64_t row_stride = 0, panel_stride = 0;
  const T* in = nullptr;
  T* out = nullptr;
  const T* dC_dout = nullptr;  // null, as dC_din, where nothing goes back
  T* dC_din = nullptr;
  T* kept = nullptr;  // (rows, n_kept)
  std::int64_t n_kept = 0;
  const T* trained = nullptr;  // (vectors, cols)

  CHAINRULE_INLINE StageValues<T> sample(std::int64_t i) const {
    const std::int64_t at = i * row_stride;
    return {in + at,
            out + at,
            dC_dout ? dC_dout + at : nullptr,
            dC_din ? dC_din + at : nullptr,
            kept + i * n_kept,
            trained,
            cols};
  }
};

}  // namespace chainrule
