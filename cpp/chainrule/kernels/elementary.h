// The elementary functions on vectors: each a fixed sequence of operations that round exactly, so the same bits on
// every target with FMA. No tables, no estimates, no branches, at most one division. NaN gives NaN, and other limits
// are those of the C library.
// The kMaxUlp of a function is its largest error in units in the last place of the exact result, on every target.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "chainrule/kernels/elementary/exp.h"
#include "chainrule/kernels/elementary/log.h"
#include "chainrule/kernels/elementary/normal.h"
#include "chainrule/kernels/elementary/softplus.h"
#include "chainrule/kernels/elementary/tanh.h"

namespace chainrule::CHAINRULE_TARGET {
namespace {

// An exact result that is smaller, near the denormal numbers, may become another such number or 0.
template <class T>
constexpr T kSmallestResult = 16 * FloatFormat<T>::kSmallest;

}  // namespace
}  // namespace chainrule::CHAINRULE_TARGET
