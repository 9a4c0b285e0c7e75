// A function of one number over an array.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/lanes.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// y = f(x), element by element. x, y: (count,), y may be x itself.
template <class T, Vec<T> (*f)(Vec<T>)>
void map(const T* x, T* y, int64_t count) {
  constexpr int kWidth = Vec<T>::kWidth;
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) f(Vec<T>::load(x + i)).store(y + i);
  if (i < count) store_part(f(load_part(x + i, count - i)), y + i, count - i);
}

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
