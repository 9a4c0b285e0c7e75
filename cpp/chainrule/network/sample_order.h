// The order in which an epoch visits the samples.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "chainrule/memory/array_view.h"
#include "chainrule/plan/samples.h"
#include "chainrule/poll.h"
#include "chainrule/random/stream.h"

namespace chainrule {

class SampleOrder {
 public:
  // `given`: (epochs, n), or no data
  SampleOrder(std::int64_t n, std::uint64_t seed, bool shuffle, const ArrayView& given, Poll& poll)
      : n_(n), seed_(seed), shuffle_(shuffle), given_(given) {
    order_.reserve(static_cast<std::size_t>(n));
    number_samples(poll);
  }

  // `epoch` counts within a training, `epoch_of_network` within the life of the network.
  void begin_epoch(std::int64_t epoch, std::int64_t epoch_of_network, Poll& poll) {
    if (given_.data) {
      gather_rows(given_, one_row(epoch), MatrixView<std::int64_t>(order_.data(), 1, given_.cols));
      const auto is_sample = [n = n_](std::int64_t each) { return each >= 0 && each < n; };
      if (!std::all_of(order_.begin(), order_.end(), is_sample)) throw_changed("order");
    } else if (shuffle_) {
      // Fisher and Yates, from the same start each time: an epoch's order depends on its number alone.
      number_samples(poll);
      RandomStream stream(seed_, Purpose::kShuffle, static_cast<std::uint32_t>(epoch_of_network));
      for (std::size_t left = order_.size(); left > 1; --left) {
        std::swap(order_[left - 1], order_[stream.next_below(left)]);
        if (left % kSwapsBetweenPolls == 0) poll();
      }
    }
  }

  Rows rows(Range range) const { return {order_.data(), range}; }

 private:
  // Some hundred microseconds' worth; likewise, where memory is touched for the first time.
  static constexpr std::size_t kSwapsBetweenPolls = 16384;
  static constexpr std::int64_t kIndicesBetweenPolls = 65536;

  void number_samples(Poll& poll) {
    for (std::int64_t first = 0; first < n_; first += kIndicesBetweenPolls) {
      if (first > 0) poll();
      const std::int64_t end = std::min(first + kIndicesBetweenPolls, n_);
      if (order_.size() < static_cast<std::size_t>(end)) {
        order_.resize(static_cast<std::size_t>(end));
      }
      std::iota(order_.begin() + first, order_.begin() + end, first);
    }
  }

  std::int64_t n_;
  std::uint64_t seed_;
  bool shuffle_;
  ArrayView given_;
  std::vector<std::int64_t> order_;
};

}  // namespace chainrule
