// Single kernels at work, and the clock beside them.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/measure/rates.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/gemm/gemm.h"
#include "chainrule/gradients/list.h"
#include "chainrule/measure/best_time.h"
#include "chainrule/memory/aligned_block.h"
#include "chainrule/memory/panel_matrix.h"
#include "chainrule/memory/range.h"
#include "chainrule/optimizers/list.h"
#include "chainrule/threads/team.h"

namespace chainrule {
namespace {

// A matrix in panels, and its memory.
template <class T>
class OwnPanels {
 public:
  OwnPanels(const KernelTable<T>& kernels, std::int64_t rows, std::int64_t cols)
      : kernels_(kernels), view_{nullptr, rows, cols, kernels.panel_width}, block_(view_.size()) {
    view_.data = block_.data();
  }

  void copy_from(MatrixView<const T> matrix) {
    for_each_panel([&](std::int64_t col, std::int64_t cols) {
      kernels_.copy_block(matrix.data + col, matrix.stride, matrix.rows, cols, view_.at(0, col),
                          view_.width);
    });
  }
  void copy_to(MatrixView<T> matrix) const {
    for_each_panel([&](std::int64_t col, std::int64_t cols) {
      kernels_.copy_block(view_.at(0, col), view_.width, matrix.rows, cols, matrix.data + col,
                          matrix.stride);
    });
  }

  // Calls work(first column, columns).
  template <class Work>
  void for_each_panel(Work&& work) const {
    for (std::int64_t panel = 0; panel < view_.panels(); ++panel) {
      work(panel * view_.width, view_.cols_of_panel(panel));
    }
  }
  const PanelMatrix<T>& view() const { return view_; }

 private:
  const KernelTable<T>& kernels_;
  PanelMatrix<T> view_;
  AlignedBlock<T> block_;
};

template <class T>
using Member = typename ElementaryTable<T>::Map ElementaryTable<T>::*;
template <class T>
const std::vector<std::pair<const char*, Member<T>>> kElementary = {
    {"exp", &ElementaryTable<T>::exp},           {"expm1", &ElementaryTable<T>::expm1},
    {"log", &ElementaryTable<T>::log},           {"log1p", &ElementaryTable<T>::log1p},
    {"tanh", &ElementaryTable<T>::tanh},         {"sigmoid", &ElementaryTable<T>::sigmoid},
    {"softplus", &ElementaryTable<T>::softplus},
};

}  // namespace

template <class T>
double peak_gflops(Target target, int n_threads, Poll& poll) {
  if (n_threads < 1) {
    throw std::invalid_argument("a number of threads must be >= 1, got " +
                                std::to_string(n_threads));
  }
  const KernelTable<T>& kernels = tables_of<T>(target).kernels;
  constexpr std::int64_t kRounds = 1 << 18;  // a millisecond, beside which a region costs nothing
  Team team(n_threads);
  const auto compute = [&](int, int) { kernels.multiply_add(kRounds); };
  const double seconds = best_seconds([&] { team.run(compute, &poll); }, poll);
  const double of_one = 2.0 * static_cast<double>(kRounds) * kernels.multiply_adds_per_round;
  return team.size() * of_one / seconds / 1e9;
}

template <class T>
double product_seconds(const Engine<T>& engine, MatrixView<const T> a, MatrixView<const T> b,
                       MatrixView<T> c, Poll& poll) {
  if (a.cols != b.rows || c.rows != a.rows || c.cols != b.cols || a.rows < 1 || a.cols < 1 ||
      b.cols < 1) {
    throw ShapeError("a and b have shapes " + shape_text(a.rows, a.cols) + " and " +
                     shape_text(b.rows, b.cols) + "; expected (rows, depth) and (depth, cols)");
  }
  if (engine.product == Product::kBlas) {
    return best_seconds([&] { multiply(engine, a, b, Transposed::kNone, c, poll); }, poll);
  }
  const KernelTable<T>& kernels = *engine.kernels;
  // Panels an odd number of rows long, as in the plans: a power of two would crowd a few sets of the cache.
  OwnPanels<T> left(kernels, a.rows | 1, a.cols), right(kernels, b.rows, b.cols),
      result(kernels, c.rows | 1, c.cols);
  left.copy_from(a);
  right.copy_from(b);
  PanelProduct<T> product;
  product.access = Access::kRows;
  product.a_panel_stride = left.view().panel_stride();
  product.b_stride = product.c_stride = kernels.panel_width;
  product.depth = a.cols;
  const double seconds = best_seconds(
      [&] {
        for (std::int64_t row = 0; row < a.rows; row += kRowsOfProduct<T>) {
          product.a = left.view().at(row, 0);
          product.rows = std::min(kRowsOfProduct<T>, a.rows - row);
          right.for_each_panel([&](std::int64_t col, std::int64_t cols) {
            product.b = right.view().at(0, col);
            product.c = result.view().at(row, col);
            product.cols = cols;
            kernels.multiply_panel(product);
          });
        }
      },
      poll);
  result.copy_to(c);
  return seconds;
}

const std::vector<std::string>& elementary_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& each : kElementary<float>) names.emplace_back(each.first);
    return names;
  }();
  return kNames;
}

template <class T>
double elementary_seconds(Target target, const std::string& name, const T* x, T* y,
                          std::int64_t count, Poll& poll) {
  for (const auto& [known, member] : kElementary<T>) {
    if (name != known) continue;
    const auto map = tables_of<T>(target).elementary.*member;
    return best_seconds([&] { map(x, y, count); }, poll);
  }
  const auto& known = elementary_names();
  throw_unknown_name("elementary function", name, {known.begin(), known.end()});
}

namespace {

// Calls use(part) for the parts of `count` numbers, one a thread, and returns the best time.
template <class Use>
double time_of_parts(std::int64_t count, int n_threads, Poll& poll, Use&& use) {
  Team team(n_threads);
  const auto in_parts = [&](int index, int n) { use(part_of({0, count}, index, n)); };
  return best_seconds([&] { team.run(in_parts, &poll); }, poll);
}

void require_some(std::int64_t count, int n_threads) {
  if (count >= 1 && n_threads >= 1) return;
  throw std::invalid_argument("count and threads must be >= 1, got " + std::to_string(count) +
                              " and " + std::to_string(n_threads));
}

template <class T>
AlignedBlock<T> block_of(std::int64_t count, T value) {
  AlignedBlock<T> block(count);
  std::fill_n(block.data(), count, value);
  return block;
}

template <class T>
TimeOfPass time_of_pass(double seconds, std::int64_t count, int reads_and_writes) {
  return {seconds, count * reads_and_writes * static_cast<std::int64_t>(sizeof(T))};
}

}  // namespace

template <class T>
TimeOfPass update_time(Target target, const Spec& optimizer, std::int64_t count, int n_threads,
                       Poll& poll) {
  require_some(count, n_threads);
  const auto choice = choose<Optimizers>("optimizer", optimizer);
  OptimizerStep<T> step;
  step.optimizer = choice.index;
  std::vector<AlignedBlock<T>> blocks;
  Optimizers::visit<void>(choice.index, [&](auto member) {
    using Member = typename decltype(member)::type;
    constexpr std::int64_t kNumber = 100;  // a step like those after it
    step.template set_formula<Member>(choice.numbers, kNumber, RunningNumbers{}.data());
    step.state_set = Member::state_set(choice.numbers);
    for (int i = 0; i < static_cast<int>(std::size(Member::kStates)); ++i) {
      const auto first = static_cast<T>(Member::first_value(i, choice.numbers));
      if (step.state_set >> i & 1) blocks.push_back(block_of<T>(count, first));
    }
  });
  std::vector<T*> states;
  for (const AlignedBlock<T>& each : blocks) states.push_back(each.data());
  step.n_states = static_cast<int>(states.size());
  step.states = states.data();
  const AlignedBlock<T> weights = block_of<T>(count, 1), gradient = block_of<T>(count, T(0.25));
  const KernelTable<T>& kernels = tables_of<T>(target).kernels;
  const double seconds = time_of_parts(count, n_threads, poll, [&](Range part) {
    UpdateBlock<T> block;
    block.weights = weights.data() + part.begin;
    block.gradient = gradient.data() + part.begin;
    block.offset = part.begin;
    block.rows = 1;
    block.cols = part.size();
    kernels.update(step, block);
  });
  return time_of_pass<T>(seconds, count, 3 + 2 * step.n_states);
}

template <class T>
TimeOfPass scaling_time(Target target, std::int64_t count, int n_threads, Poll& poll) {
  require_some(count, n_threads);
  const AlignedBlock<T> numbers = block_of<T>(count, 1);
  GradientStep<T> step;
  step.transform = GradientTransforms::index_of_type<ClipNorm>();
  step.constants[0] = step.constants[1] = 1;
  const KernelTable<T>& kernels = tables_of<T>(target).kernels;
  const double seconds = time_of_parts(count, n_threads, poll, [&](Range part) {
    kernels.transform_gradient(step, numbers.data() + part.begin, part.size());
  });
  return time_of_pass<T>(seconds, count, 2);
}

template TimeOfPass update_time<float>(Target, const Spec&, std::int64_t, int, Poll&);
template TimeOfPass update_time<double>(Target, const Spec&, std::int64_t, int, Poll&);
template TimeOfPass scaling_time<float>(Target, std::int64_t, int, Poll&);
template TimeOfPass scaling_time<double>(Target, std::int64_t, int, Poll&);

template <class T>
double activation_seconds(Target target, const Activation& activation, const T* z, T* a, T* delta,
                          std::int64_t rows, std::int64_t cols, Poll& poll) {
  const KernelTable<T>& kernels = tables_of<T>(target).kernels;
  const std::int64_t size = rows * cols;
  AlignedBlock<T> block(size), ones(size);
  T* const slope = slope_reads_z(activation) ? block.data() : a;
  std::fill_n(ones.data(), size, T(1));
  return best_seconds(
      [&] {
        kernels.copy_block(z, cols, rows, cols, slope, cols);
        kernels.activate(activation, nullptr, slope, a, slope, rows, cols, cols);
        kernels.activation_backward(activation, slope, ones.data(), delta, rows, cols, cols);
      },
      poll);
}

template double peak_gflops<float>(Target, int, Poll&);
template double peak_gflops<double>(Target, int, Poll&);
template double product_seconds(const Engine<float>&, MatrixView<const float>,
                                MatrixView<const float>, MatrixView<float>, Poll&);
template double product_seconds(const Engine<double>&, MatrixView<const double>,
                                MatrixView<const double>, MatrixView<double>, Poll&);
template double elementary_seconds(Target, const std::string&, const float*, float*, std::int64_t,
                                   Poll&);
template double elementary_seconds(Target, const std::string&, const double*, double*, std::int64_t,
                                   Poll&);
template double activation_seconds(Target, const Activation&, const float*, float*, float*,
                                   std::int64_t, std::int64_t, Poll&);
template double activation_seconds(Target, const Activation&, const double*, double*, double*,
                                   std::int64_t, std::int64_t, Poll&);

}  // namespace chainrule
