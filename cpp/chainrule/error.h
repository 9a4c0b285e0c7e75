// The exceptions of the core, and the wording that several of them share.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace chainrule {

struct ShapeError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// What is not known, or means nothing here, is empty.
struct TrainingDiverged : std::runtime_error {
  // `advice`: causes and cures, which the message has after what happened.
  TrainingDiverged(const std::string& happened_, const std::string& weights,
                   const std::string& advice_)
      : std::runtime_error(happened_ + "; the weights are " + weights + ". " + advice_),
        happened(happened_),
        advice(advice_) {}

  std::string happened, advice;
  std::optional<std::int64_t> epoch, step;  // from 1; the step within its epoch
  std::optional<std::int64_t> layer;        // whose numbers were the first; the input is layer 1
};

struct ConcurrentUseError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The shortest text that still tells the number: 0.5, -1, nan, 1e+30.
std::string text_of(long double number);

// Runs work(); what it finds wrong with a shape or a value is said with `prefix` before it.
template <class Work>
void with_prefix(const std::string& prefix, Work&& work) {
  try {
    work();
  } catch (const ShapeError& error) {
    throw ShapeError(prefix + error.what());
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(prefix + error.what());
  }
}

// "(32, 5)"
std::string shape_text(long long rows, long long cols);

// A name, and those that other libraries have for the same thing.
struct KnownName {
  KnownName(const char* name_) : name(name_) {}
  KnownName(std::string name_, std::vector<std::string> elsewhere_ = {})
      : name(std::move(name_)), elsewhere(std::move(elsewhere_)) {}

  std::string name;
  std::vector<std::string> elsewhere;
};

// Throws std::invalid_argument: unknown activation "rlu", did you mean "relu"? Known: identity, ...
[[noreturn]] void throw_unknown_name(const std::string& family, const std::string& name,
                                     const std::vector<KnownName>& known);

}  // namespace chainrule
