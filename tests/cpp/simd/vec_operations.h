// The operations of a target's vectors and lanes as functions over arrays, for the tests.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

// Which numbers an operation is defined for.
enum class Domain {
  kAll,
  kRoundable,       // |a| < 2^22 (float) or 2^51 (double)
  kPositiveNormal,  // normal numbers > 0
  kExponents,       // whole numbers: exponents of normal numbers
};

// out = operation(a, b, c), lane by lane; `count` is a multiple of the width.
template <class T>
struct LaneOperation {
  const char* name;
  Domain domain;
  void (*run)(const T* a, const T* b, const T* c, T* out, std::int64_t count);
};

template <class T>
struct VecOperations {
  int width;
  const LaneOperation<T>* lane_operations;
  int n_lane_operations;

  void (*load_first)(const T* p, int n, T* out);  // out: (width,)
  void (*store_first)(const T* values, T* p, int n);
  void (*first)(int n, T* out);  // 1 in the lanes of the mask, 0 in the others
  bool (*any_positive)(const T* values);
  bool (*all_positive)(const T* values);
  void (*transpose)(T* block);  // (width, width), in place
  T (*fold_sum)(const T* values);
  T (*fold_max)(const T* values);

  T (*row_sum)(const T* x, std::int64_t count);
  T (*row_max)(const T* x, std::int64_t count);
};

struct TargetOperations {
  VecOperations<float> of_float;
  VecOperations<double> of_double;
};
