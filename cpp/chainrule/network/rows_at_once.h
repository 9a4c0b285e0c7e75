// How many rows a pass without an update takes at a time.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>

#include "chainrule/plan/samples.h"

namespace chainrule {

// Predictions and costs of many samples are computed this many rows at a time.
constexpr std::int64_t kRowsAtOnce = 1024;

// How many rows mean_cost() takes of these samples.
template <class T>
std::int64_t rows_at_once(const Samples<T>& samples) {
  // A cost of the user's own need not be a mean over samples, so it gets them all.
  return samples.custom_cost ? samples.size() : std::min(samples.size(), kRowsAtOnce);
}

}  // namespace chainrule
