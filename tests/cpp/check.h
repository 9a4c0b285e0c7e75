// All that the C++ tests need: TEST registers a function by its name; the first check that fails ends its test and
// says where, what came and what was expected.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace check {

struct Test {
  const char* name;
  void (*run)();
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

inline bool add(const Test& test) noexcept {
  tests().push_back(test);
  return true;
}

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Which case a loop is at: part of the message of a check that fails.
inline std::string& at() {
  static std::string text;
  return text;
}

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream stream;
  stream.precision(std::numeric_limits<double>::max_digits10);
  (stream << ... << parts);
  return stream.str();
}

[[noreturn]] inline void fail(const char* file, int line, const std::string& what) {
  throw Failure(text(file, ":", line, ": ", what, at().empty() ? "" : "\n    at ", at()));
}

inline void holds(const char* file, int line, const char* condition, bool value) {
  if (!value) fail(file, line, text(condition, " does not hold"));
}

template <class Value, class Expected>
void equal(const char* file, int line, const char* name, const Value& value,
           const Expected& expected) {
  if (value == static_cast<Value>(expected)) return;
  fail(file, line, text(name, " is ", value, ", expected ", expected));
}

// Written so that a NaN is near nothing.
template <class Value, class Expected, class Bound>
void near(const char* file, int line, const char* name, Value value, Expected expected,
          Bound bound) {
  const auto error = value - expected;
  if (std::fabs(error) <= bound) return;
  fail(file, line,
       text(name, " is ", value, ", expected ", expected, " within ", bound, ", off by ", error));
}

template <class Exception, class Call>
void throws(const char* file, int line, const char* code, const std::string& part,
            const Call& call) {
  try {
    call();
  } catch (const Exception& error) {
    if (std::string(error.what()).find(part) != std::string::npos) return;
    fail(file, line, text("the message \"", error.what(), "\" does not say \"", part, "\""));
  }
  fail(file, line, text(code, " throws nothing"));
}

}  // namespace check

#define TEST(name)                                                             \
  static void name();                                                          \
  [[maybe_unused]] static const bool name##_added = check::add({#name, name}); \
  static void name()

#define CHECK(condition) check::holds(__FILE__, __LINE__, #condition, condition)
#define CHECK_EQUAL(value, expected) check::equal(__FILE__, __LINE__, #value, value, expected)
#define CHECK_NEAR(value, expected, bound) \
  check::near(__FILE__, __LINE__, #value, value, expected, bound)
// The statement throws an Exception whose message holds `part`.
#define CHECK_THROWS(Exception, part, ...) \
  check::throws<Exception>(__FILE__, __LINE__, #__VA_ARGS__, part, [&] { __VA_ARGS__; })
