// Drawing of the first parameters, block by block.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/layers/initialize.h"

#include <algorithm>
#include <vector>

#include "chainrule/layers/initializers.h"

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

}  // namespace

template <class T>
void initialize(const ParameterBlocks& blocks, std::uint64_t seed, T* parameters, Poll& poll) {
  RandomStream stream(seed, Purpose::kInitialParameters, 0);
  for (const ParameterBlock& block : blocks) {
    if (block.role == Role::kVector) {
      std::fill_n(block.of(parameters).data, block.size(), static_cast<T>(block.first_value));
      continue;
    }
    if (block.role == Role::kWeights) {  // b goes on where W ends
      stream = RandomStream(seed, Purpose::kInitialParameters, block.stream);
    }
    Initializers::visit<void>(block.initializer, [&](auto member) {
      const auto n_in = static_cast<double>(block.fan_in);
      const auto n_out = static_cast<double>(block.fan_out);
      draw_columns(
          block.of(parameters),
          [&] { return static_cast<T>(decltype(member)::type::draw(stream, n_in, n_out)); }, poll);
    });
  }
}
template void initialize(const ParameterBlocks&, std::uint64_t, float*, Poll&);
template void initialize(const ParameterBlocks&, std::uint64_t, double*, Poll&);

}  // namespace chainrule
