// The product in its three orders, against a plain loop.
// SPDX-License-Identifier: BSD-3-Clause
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

#include "chainrule/gemm/gemm.h"
#include "chainrule/gemm/library.h"
#include "chainrule/random/stream.h"
#include "check.h"

namespace chainrule {
namespace {

constexpr Transposed kOrders[] = {Transposed::kNone, Transposed::kLeft, Transposed::kRight};

// A matrix full of NaN, and with NaN in `gap` elements between its rows: what is read from there, or not written
// where it should be, shows.
template <class T>
class Matrix {
 public:
  Matrix(std::int64_t rows, std::int64_t cols, std::int64_t gap)
      : values_(static_cast<std::size_t>(rows * (cols + gap) + 1),
                std::numeric_limits<T>::quiet_NaN()),
        view_(values_.data(), rows, cols, cols + gap) {}

  Matrix& draw(RandomStream& stream) {
    for (std::int64_t i = 0; i < view_.rows; ++i) {
      for (std::int64_t j = 0; j < view_.cols; ++j) {
        view_.row(i)[j] = static_cast<T>(2 * stream.next_uniform() - 1);
      }
    }
    return *this;
  }

  // Every element is a number, and what is between the rows is still NaN.
  bool has_numbers_only_inside() const {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const auto index = static_cast<std::int64_t>(i);
      const bool inside = view_.stride > 0 && index < view_.rows * view_.stride &&
                          index % view_.stride < view_.cols;
      if (std::isnan(values_[i]) == inside) return false;
    }
    return true;
  }

  const MatrixView<T>& view() const { return view_; }
  T operator()(std::int64_t i, std::int64_t j) const { return view_.row(i)[j]; }

 private:
  std::vector<T> values_;
  MatrixView<T> view_;
};

template <class T>
Engine<T> served_by(Product product) {
  Engine<T> engine = current_engine<T>();
  engine.product = product;
  return engine;
}

// One product: its matrices, drawn at random, and the result.
template <class T>
class OneProduct {
 public:
  OneProduct(Transposed order, std::int64_t rows, std::int64_t depth, std::int64_t cols,
             std::int64_t gap)
      : order_(order),
        depth_(depth),
        a_(left() ? depth : rows, left() ? rows : depth, gap),
        b_(right() ? cols : depth, right() ? depth : cols, gap),
        c_(rows, cols, gap),
        own_(rows, cols, gap) {
    check::at() = check::text(left()    ? "a^T b"
                              : right() ? "a b^T"
                                        : "a b",
                              ", rows ", rows, ", depth ", depth, ", cols ", cols, ", gap ", gap,
                              ", ", 8 * sizeof(T), " bits");
    RandomStream stream(0, Purpose::kInitialParameters, 0);
    a_.draw(stream);
    b_.draw(stream);
  }

  // By the library, and by our own kernels.
  void compute(Poll poll = Poll()) {
    multiply<T>(served_by<T>(Product::kBlas), a_.view(), b_.view(), order_, c_.view(), poll);
    multiply<T>(served_by<T>(Product::kOwn), a_.view(), b_.view(), order_, own_.view(), poll);
  }

  void check_element(std::int64_t i, std::int64_t j) const {
    long double sum = 0, magnitude = 0;
    for (std::int64_t k = 0; k < depth_; ++k) {
      const long double a_ik = left() ? a_(k, i) : a_(i, k);
      const long double b_kj = right() ? b_(j, k) : b_(k, j);
      sum += a_ik * b_kj;
      magnitude += std::fabs(a_ik * b_kj);
    }
    // Whatever the order of the sum: Higham, Accuracy and Stability of Numerical Algorithms (2002), equation 3.5.
    // epsilon is twice the unit roundoff; the other half is for the plain loop itself.
    const long double bound =
        static_cast<long double>(depth_) * std::numeric_limits<T>::epsilon() * magnitude;
    CHECK_NEAR(static_cast<long double>(c_(i, j)), sum, bound);
    CHECK_NEAR(static_cast<long double>(own_(i, j)), sum, bound);
  }

  const Matrix<T>& c() const { return c_; }

 private:
  bool left() const { return order_ == Transposed::kLeft; }
  bool right() const { return order_ == Transposed::kRight; }

  Transposed order_;
  std::int64_t depth_;
  Matrix<T> a_, b_, c_, own_;
};

template <class T>
void check_product(Transposed order, std::int64_t rows, std::int64_t depth, std::int64_t cols,
                   std::int64_t gap) {
  OneProduct<T> product(order, rows, depth, cols, gap);
  product.compute();
  CHECK(product.c().has_numbers_only_inside());
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) product.check_element(i, j);
  }
}

void check_products(std::int64_t rows, std::int64_t depth, std::int64_t cols) {
  for (const Transposed order : kOrders) {
    for (const std::int64_t gap : {0, 3}) {
      check_product<float>(order, rows, depth, cols, gap);
      check_product<double>(order, rows, depth, cols, gap);
    }
  }
}

TEST(gemm_equals_the_plain_loop_for_small_sizes) {
  for (const std::int64_t rows : {1, 2, 5}) {
    for (const std::int64_t depth : {1, 2, 7}) {
      for (const std::int64_t cols : {1, 3, 4}) check_products(rows, depth, cols);
    }
  }
}

TEST(gemm_equals_the_plain_loop_for_larger_sizes) {
  check_products(17, 33, 9);
  check_products(64, 64, 64);
  check_products(1, 129, 65);
  check_products(130, 1, 70);
  check_products(31, 127, 1);
  check_products(257, 5, 3);
  check_products(3, 1000, 5);
}

TEST(gemm_takes_sizes_of_0) {
  for (const std::int64_t rows : {0, 3}) {
    for (const std::int64_t depth : {0, 2}) {
      for (const std::int64_t cols : {0, 5}) check_products(rows, depth, cols);
    }
  }
}

// So many rows of so many columns and this depth that every library gets them in two blocks.
constexpr std::int64_t kSide = 512;
const std::int64_t kRowsOfABlock = product_library_impl::kFlopsPerCall / (2 * kSide * kSide);
const std::int64_t kRowsOfTwoBlocks = kRowsOfABlock + kRowsOfABlock / 2;

TEST(gemm_goes_on_where_a_block_of_rows_ends) {
  for (const Transposed order : kOrders) {
    OneProduct<float> product(order, kRowsOfTwoBlocks, kSide, kSide, 0);
    product.compute();
    CHECK(product.c().has_numbers_only_inside());
    for (const std::int64_t j : {std::int64_t{0}, kSide / 3, kSide - 1}) {
      product.check_element(0, j);
      for (std::int64_t i = kRowsOfABlock - 9; i < kRowsOfABlock + 9; ++i)
        product.check_element(i, j);
      product.check_element(kRowsOfTwoBlocks - 1, j);
    }
  }
}

TEST(gemm_refuses_shapes_that_do_not_fit) {
  const auto check_refused = [](Transposed order, const Matrix<float>& a, const Matrix<float>& b,
                                const Matrix<float>& c) {
    Poll poll;
    CHECK_THROWS(std::logic_error, "shapes of a, b and c do not fit",
                 multiply<float>(served_by<float>(Product::kOwn), a.view(), b.view(), order,
                                 c.view(), poll));
  };
  using M = Matrix<float>;
  check_refused(Transposed::kNone, M(2, 3, 0), M(4, 5, 0), M(2, 5, 0));
  check_refused(Transposed::kNone, M(2, 3, 0), M(3, 5, 0), M(3, 5, 0));
  check_refused(Transposed::kNone, M(2, 3, 0), M(3, 5, 0), M(2, 4, 0));
  check_refused(Transposed::kLeft, M(2, 3, 0), M(3, 5, 0), M(3, 5, 0));
  check_refused(Transposed::kLeft, M(3, 2, 0), M(3, 5, 0), M(3, 5, 0));
  check_refused(Transposed::kRight, M(2, 3, 0), M(3, 5, 0), M(2, 5, 0));
  check_refused(Transposed::kRight, M(2, 3, 0), M(5, 3, 0), M(2, 3, 0));
}

TEST(gemm_refuses_sides_that_no_int_holds) {
  Matrix<float> a(1, 1, 0), b(1, 1, 0), c(1, 1, 0);
  const MatrixView<float> far(a.view().data, 1, 1, std::int64_t{1} << 31);
  Poll poll;
  CHECK_THROWS(std::length_error, "2^31 - 1",
               multiply<float>(served_by<float>(Product::kBlas), far, b.view(), Transposed::kNone,
                               c.view(), poll));
}

struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

TEST(gemm_ends_after_a_block_when_the_hook_throws) {
  for (const Transposed order : kOrders) {
    OneProduct<float> product(order, kRowsOfTwoBlocks, kSide, kSide, 0);
    Poll poll([] { throw Interrupted(); });
    poll();                                                      // the clock starts
    std::this_thread::sleep_for(std::chrono::milliseconds(30));  // the hook is due
    CHECK_THROWS(Interrupted, "interrupted", product.compute(poll));
    CHECK(!std::isnan(product.c()(kRowsOfABlock - 1, kSide - 1)));
    CHECK(std::isnan(product.c()(kRowsOfABlock, 0)));
  }
}

TEST(gemm_tells_its_library) { CHECK(!product_library().empty()); }

TEST(gemm_turns_an_error_of_its_library_into_an_exception) {
  if (product_library().rfind("OpenBLAS ", 0) != 0) return;  // others print it, or have no checks
  Matrix<float> a(4, 4, 0), b(4, 4, 0), c(4, 4, 0);
  RandomStream stream(0, Purpose::kInitialParameters, 0);
  const MatrixView<float> overlapping_rows(a.draw(stream).view().data, 4, 4, 3);
  const auto call = [&](MatrixView<float> left) {
    product_library_impl::multiply<float>(left, b.draw(stream).view(), Transposed::kNone, c.view());
  };
  CHECK_THROWS(std::runtime_error, "BLAS refused", call(overlapping_rows));
  CHECK(std::isnan(c(0, 0)));
  call(a.view());
  CHECK(c.has_numbers_only_inside());
}

}  // namespace
}  // namespace chainrule
