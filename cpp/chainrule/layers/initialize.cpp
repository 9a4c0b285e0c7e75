// Drawing of the first parameters, block by block.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/layers/initialize.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "chainrule/layers/initializers.h"
#include "chainrule/layers/orthogonal.h"

namespace chainrule {
namespace {

// Column by column: W in the order of W[j, k] as it is shown, (n_out, n_in), independent of how it is stored.
template <class Draw, class T>
void draw_columns(MatrixView<T> block, Draw&& draw, Poll& poll) {
  // Some at a time: drawn one after the other, but stored side by side, as they stand in memory.
  constexpr std::int64_t kColumns = 16;
  std::vector<T> drawn(static_cast<std::size_t>(kColumns * block.rows));
  for (std::int64_t first = 0; first < block.cols; first += kColumns) {
    const std::int64_t count = std::min(kColumns, block.cols - first);
    for (std::int64_t j = 0; j < count; ++j) {
      std::generate_n(drawn.data() + j * block.rows, block.rows, draw);
      poll();
    }
    for (std::int64_t k = 0; k < block.rows; ++k) {
      for (std::int64_t j = 0; j < count; ++j) {
        block.row(k)[first + j] = drawn[static_cast<std::size_t>(j * block.rows + k)];
      }
    }
  }
}

// W of (n_out, n_in) numbers whose shorter side is made orthonormal.
template <class Draw, class T>
void draw_orthogonal(MatrixView<T> stored, Draw&& draw, Poll& poll) {
  const std::int64_t n_in = stored.rows, n_out = stored.cols;
  const AlignedBlock<double> memory(checked_product(n_in, n_out), poll);
  const MatrixView<double> W(memory.data(), n_in, n_out);  // as it is stored
  draw_columns(W, draw, poll);
  if (n_in <= n_out) {
    make_orthonormal(W, poll);
    for (std::int64_t k = 0; k < n_in; ++k) {
      std::transform(W.row(k), W.row(k) + n_out, stored.row(k),
                     [](double w) { return static_cast<T>(w); });
    }
    return;
  }
  const AlignedBlock<double> transposed(checked_product(n_in, n_out), poll);
  const MatrixView<double> rows(transposed.data(), n_out, n_in);
  for (std::int64_t k = 0; k < n_in; ++k) {
    for (std::int64_t j = 0; j < n_out; ++j) rows.row(j)[k] = W.row(k)[j];
    poll();
  }
  make_orthonormal(rows, poll);
  for (std::int64_t k = 0; k < n_in; ++k) {
    for (std::int64_t j = 0; j < n_out; ++j) stored.row(k)[j] = static_cast<T>(rows.row(j)[k]);
    poll();
  }
}

}  // namespace

template <class T>
void initialize(const ParameterBlocks& blocks, std::uint64_t seed, T* parameters, Poll& poll) {
  RandomStream stream(seed, Purpose::kInitialParameters, 0);
  for (const ParameterBlock& block : blocks) {
    if (block.role == Role::kVector) {
      std::fill_n(block.of(parameters).data, block.size(), static_cast<T>(block.first_value));
      continue;
    }
    if (block.initializer == ParameterBlock::kNothingDrawn) continue;
    if (block.role == Role::kWeights) {  // b goes on where W ends
      stream = RandomStream(seed, Purpose::kInitialParameters, block.stream);
    }
    Initializers::visit<void>(block.initializer, [&](auto member) {
      using Member = typename decltype(member)::type;
      const auto n_in = static_cast<double>(block.fan_in);
      const auto n_out = static_cast<double>(block.fan_out);
      const auto draw = [&] { return Member::draw(stream, n_in, n_out); };
      if constexpr (std::is_same_v<Member, Orthogonal>) {
        if (block.role == Role::kWeights) draw_orthogonal(block.of(parameters), draw, poll);
      } else {
        draw_columns(block.of(parameters), [&] { return static_cast<T>(draw()); }, poll);
      }
    });
  }
}
template void initialize(const ParameterBlocks&, std::uint64_t, float*, Poll&);
template void initialize(const ParameterBlocks&, std::uint64_t, double*, Poll&);

}  // namespace chainrule
