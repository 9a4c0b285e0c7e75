// Runs the tests of the core, without Python: all of them, or those whose names hold one of the arguments.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstdio>
#include <exception>

#include "check.h"

namespace {

// What went wrong, "" if nothing did.
std::string run(const check::Test& test) {
  check::at().clear();
  try {
    test.run();
    return "";
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

}  // namespace

int main(int count, char** arguments) {
  int passed = 0, failed = 0;
  for (const check::Test& test : check::tests()) {
    const auto asked_for = [&](const char* part) {
      return std::string(test.name).find(part) != std::string::npos;
    };
    if (count > 1 && std::none_of(arguments + 1, arguments + count, asked_for)) continue;
    const std::string error = run(test);
    ++(error.empty() ? passed : failed);
    if (!error.empty()) std::printf("%s failed\n  %s\n", test.name, error.c_str());
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  if (passed + failed == 0) std::printf("no test has such a name\n");
  return passed > 0 && failed == 0 ? 0 : 1;
}
