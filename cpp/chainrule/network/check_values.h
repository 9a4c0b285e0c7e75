// Looking at the values of an array one by one, and what is said about a bad one.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/memory/array_view.h"
#include "chainrule/poll.h"

namespace chainrule {

[[noreturn]] inline void throw_bad_value(const char* name, double value, std::int64_t row,
                                         std::int64_t col, const std::string& expected) {
  throw std::invalid_argument(std::string(name) + " has " + text_of(value) + " in row " +
                              std::to_string(row) + ", column " + std::to_string(col) +
                              "; expected " + expected);
}

// Calls check(row, i) for every row of the array, as doubles.
template <class Check>
void for_each_row(const ArrayView& array, Poll& poll, Check&& check) {
  std::vector<double> row(static_cast<std::size_t>(array.cols));
  for (std::int64_t i = 0; i < array.rows; ++i) {
    gather_rows(array, one_row(i), MatrixView<double>(row.data(), 1, array.cols));
    check(row.data(), i);
    if (i % 64 == 0) poll();  // a row may be less work than a look at the clock
  }
}

}  // namespace chainrule
