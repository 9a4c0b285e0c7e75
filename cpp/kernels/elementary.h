// The elementary functions on vectors: each a fixed sequence of operations that round exactly, so the same bits on
// every target with FMA. No tables, no estimates, no branches, at most one division.
// A function's kMaxUlp is its largest error in units in the last place of the exact result, where this is a normal
// number; denormal numbers may count as 0. NaN gives NaN, and the other limits are those of the C library.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/elementary/erf.h"
#include "kernels/elementary/exp.h"
#include "kernels/elementary/log.h"
#include "kernels/elementary/tanh.h"
