// What the constants of optimizers are computed with.
// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <cstdint>

#include "chainrule/optimizers/exponential.h"
#include "chainrule/optimizers/nadam.h"
#include "chainrule/optimizers/radam.h"
#include "check.h"

namespace chainrule {
namespace {

constexpr double kUlp = 0x1p-52;

TEST(exponential_is_that_of_the_library_within_two_units) {
  CHECK_EQUAL(exponential(0.0), 1.0);
  CHECK_EQUAL(exponential(-1e300), 0.0);
  for (double x = -1e-12; x > -690; x = 1.01 * x - 1e-4) {
    const double expected = std::exp(x);
    CHECK_NEAR(exponential(x), expected, 2 * kUlp * expected);
  }
}

TEST(mu_of_nadam_comes_to_beta1) {
  const double numbers[] = {2e-3, 0.9, 0.999, 1e-8, 0, 4e-3, 0};
  for (const std::int64_t step : {1, 2, 100, 12345, 10000000}) {
    const double power = std::pow(0.96, static_cast<double>(step) * numbers[5]);
    CHECK_NEAR(NAdam::mu(numbers, step), 0.9 * (1 - 0.5 * power), 4 * kUlp);
  }
  CHECK_EQUAL(NAdam::mu(numbers, 1000000000), 0.9);
}

TEST(rectification_of_radam_starts_when_rho_is_above_5) {
  for (const std::int64_t step : {1, 2, 3, 4, 5}) {
    CHECK_EQUAL(RAdam::rectification(0.999, step), 0.0);
  }
  CHECK(RAdam::rectification(0.999, 6) > 0);
  CHECK_NEAR(RAdam::rectification(0.999, 1000000), 1.0, 1e-12);
  for (const double beta2 : {0.0, 0.25, 0.5, 2.0 / 3}) {  // rho_t is never above 5
    for (const std::int64_t step : {1, 10, 1000}) {
      CHECK_EQUAL(RAdam::rectification(beta2, step), 0.0);
    }
  }
}

}  // namespace
}  // namespace chainrule
