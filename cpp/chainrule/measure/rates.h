// What benchmarks want to know of this machine: what its arithmetic can do at most, and how long single kernels take
// of their own, without what comes around them in a call.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/gemm/engine.h"
#include "chainrule/kernels/kernel_table.h"
#include "chainrule/memory/matrix_view.h"
#include "chainrule/poll.h"
#include "chainrule/spec.h"

namespace chainrule {

// Billions of floating-point operations a second of fused multiply-adds in registers, two for each, on this many threads
// together; fewer where other calls have the threads. Throws std::invalid_argument for n_threads < 1.
template <class T>
double peak_gflops(Target target, int n_threads, Poll& poll);

// Seconds that c = a b takes on one thread: by the kernel of the plans, with all matrices in panels beforehand, or by the
// BLAS, whichever the engine has. Throws std::invalid_argument where the shapes do not fit or nothing is to be done.
template <class T>
double product_seconds(const Engine<T>& engine, MatrixView<const T> a, MatrixView<const T> b,
                       MatrixView<T> c, Poll& poll);

// The functions of kernels/elementary.h by name.
const std::vector<std::string>& elementary_names();

// Seconds that y = f(x) takes on one thread. x, y: (count,). Throws std::invalid_argument for an unknown name.
template <class T>
double elementary_seconds(Target target, const std::string& name, const T* x, T* y,
                          std::int64_t count, Poll& poll);

// Seconds of a pass over `count` numbers, cut evenly among the threads, and the bytes that it reads and writes.
struct TimeOfPass {
  double seconds = 0;
  std::int64_t bytes = 0;
};
// An optimizer's update of so many weights in one row. Throws std::invalid_argument for a spec that makes none, for count < 1
// and for n_threads < 1.
template <class T>
TimeOfPass update_time(Target target, const Spec& optimizer, std::int64_t count, int n_threads,
                       Poll& poll);
// The plainest pass that reads, changes and writes: g := c g.
template <class T>
TimeOfPass scaling_time(Target target, std::int64_t count, int n_threads, Poll& poll);

// Seconds that the kernels of the plans take on one thread for a = f(z) and delta = f'(z), with a copy of z before. z, a,
// delta: (rows, cols).
template <class T>
double activation_seconds(Target target, const Activation& activation, const T* z, T* a, T* delta,
                          std::int64_t rows, std::int64_t cols, Poll& poll);

}  // namespace chainrule
