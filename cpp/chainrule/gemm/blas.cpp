// The product through CBLAS: the only file that includes a BLAS header.
// Our library is pinned to one thread, and what it reports as an error becomes an exception.
// SPDX-License-Identifier: BSD-3-Clause
#if defined(CHAINRULE_BLAS_ACCELERATE)
#include <Accelerate/Accelerate.h>
#else
#include <cblas.h>
#endif

#include <stdexcept>
#include <type_traits>

#include "chainrule/gemm/library.h"

#define CHAINRULE_JOIN_(prefix, name) prefix##name
#define CHAINRULE_JOIN(prefix, name) CHAINRULE_JOIN_(prefix, name)
#if defined(BLAS_SYMBOL_PREFIX)
#define CHAINRULE_BLAS(name) CHAINRULE_JOIN(BLAS_SYMBOL_PREFIX, name)
#else
#define CHAINRULE_BLAS(name) name
#endif

namespace chainrule::product_library_impl {
namespace {

// OpenBLAS calls the handler on the thread that made the bad call, and leaves the result untouched.
thread_local bool error_reported = false;

#if defined(CHAINRULE_HAVE_OPENBLAS_XERBLA)
void report_error(const char*, const blasint*, std::size_t) { error_reported = true; }
#endif

void prepare_library() {
#if defined(CHAINRULE_HAVE_OPENBLAS_XERBLA)
  static const auto installed = CHAINRULE_BLAS(openblas_set_xerbla)(report_error);
  static_cast<void>(installed);
#endif
#if defined(CHAINRULE_HAVE_OPENBLAS_API)
  // Asserted on every entry: another user of a shared system library may have changed it. The setter
  // takes a lock and may wake threads, so it is called only if needed.
  if (CHAINRULE_BLAS(openblas_get_num_threads)() != 1) CHAINRULE_BLAS(openblas_set_num_threads)(1);
#endif
}

}  // namespace

const std::int64_t kFlopsPerCall = 4'000'000'000;

template <class T>
void multiply(MatrixView<const T> a, MatrixView<const T> b, Transposed transposed,
              MatrixView<T> c) {
  prepare_library();
  const bool left = transposed == Transposed::kLeft;
  const auto op_a = left ? CblasTrans : CblasNoTrans;
  const auto op_b = transposed == Transposed::kRight ? CblasTrans : CblasNoTrans;
  const auto side = [](std::int64_t length) { return static_cast<int>(length); };
  const int depth = side(left ? a.rows : a.cols);
  error_reported = false;
  if constexpr (std::is_same_v<T, float>) {
    CHAINRULE_BLAS(cblas_sgemm)
    (CblasRowMajor, op_a, op_b, side(c.rows), side(c.cols), depth, 1.0F, a.data, side(a.stride),
     b.data, side(b.stride), 0.0F, c.data, side(c.stride));
  } else {
    CHAINRULE_BLAS(cblas_dgemm)
    (CblasRowMajor, op_a, op_b, side(c.rows), side(c.cols), depth, 1.0, a.data, side(a.stride),
     b.data, side(b.stride), 0.0, c.data, side(c.stride));
  }
  if (error_reported) throw std::runtime_error("BLAS refused the arguments of a matrix product");
}
template void multiply(MatrixView<const float>, MatrixView<const float>, Transposed,
                       MatrixView<float>);
template void multiply(MatrixView<const double>, MatrixView<const double>, Transposed,
                       MatrixView<double>);

std::string name() {
  std::string text = CHAINRULE_BLAS_NAME;
#if defined(CHAINRULE_HAVE_OPENBLAS_API)
  text += std::string(" (") + CHAINRULE_BLAS(openblas_get_corename)() + ")";
#endif
  return text;
}

}  // namespace chainrule::product_library_impl
