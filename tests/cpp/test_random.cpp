// The generator against its published vectors, its streams, and the normal variates.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "chainrule/random/normal.h"
#include "chainrule/random/philox.h"
#include "chainrule/random/stream.h"
#include "check.h"

namespace chainrule {
namespace {

constexpr Purpose kShuffle = Purpose::kShuffle, kInitial = Purpose::kInitialParameters;

std::vector<std::uint64_t> first_numbers(RandomStream stream, int count) {
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(stream.next_uint64());
  return numbers;
}

TEST(random_philox_has_the_published_values) {
  // Random123, tests/kat_vectors: "philox4x32 10"; the last with the digits of pi.
  constexpr std::uint32_t kOnes = 0xffffffff;
  const auto check = [](const PhiloxBlock& counter, std::uint64_t key,
                        const PhiloxBlock& expected) {
    const PhiloxBlock block = philox4x32_10(counter, key);
    CHECK(std::equal(block.words, block.words + 4, expected.words));
  };
  check({{0, 0, 0, 0}}, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  check({{kOnes, kOnes, kOnes, kOnes}}, UINT64_MAX,
        {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  check({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822,
        {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST(random_stream_is_a_run_of_philox_blocks) {
  constexpr std::uint64_t kSeed = 0x299f31d0a4093822;
  const auto numbers = first_numbers(RandomStream(kSeed, kShuffle, 7), 6);
  for (std::uint32_t block = 0; block < 3; ++block) {
    const PhiloxBlock four = philox4x32_10({{block, 0, 7, 2}}, kSeed);
    const std::uint32_t* const words = four.words;
    CHECK_EQUAL(numbers[std::size_t{2} * block], words[0] | std::uint64_t{words[1]} << 32);
    CHECK_EQUAL(numbers[std::size_t{2} * block + 1], words[2] | std::uint64_t{words[3]} << 32);
  }
}

TEST(random_streams_are_independent) {
  constexpr int kCount = 2000;
  const RandomStream streams[] = {{0, kInitial, 0},          {0, kInitial, 1},
                                  {0, kShuffle, 0},          {0, kShuffle, 1},
                                  {1, kInitial, 0},          {1, kShuffle, 0},
                                  {1ULL << 32, kInitial, 0}, {UINT64_MAX, kShuffle, UINT32_MAX}};
  std::vector<std::uint64_t> all;
  for (const RandomStream& stream : streams) {
    const auto numbers = first_numbers(stream, kCount);
    CHECK(numbers == first_numbers(stream, kCount));
    all.insert(all.end(), numbers.begin(), numbers.end());
  }
  // 16000 numbers of 64 bits: that two are equal by chance has a probability of 10^-11.
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

TEST(random_uniform_numbers_fill_their_interval) {
  RandomStream stream(3, kInitial, 0);
  constexpr int kCount = 100'000;
  double sum = 0, sum_of_squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double value = stream.next_uniform();
    CHECK(value >= 0 && value < 1);
    sum += value;
    sum_of_squares += value * value;
  }
  // Five standard errors: of u sqrt(1/12), of u^2 sqrt(4/45)
  CHECK_NEAR(sum / kCount, 1.0 / 2, 5 * std::sqrt(1.0 / 12 / kCount));
  CHECK_NEAR(sum_of_squares / kCount, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / kCount));
  for (int i = 0; i < kCount; ++i) {
    const double value = stream.next_open_uniform();
    CHECK(value > 0 && value < 1);
  }
}

// How often each of `bound` numbers comes up, as the chi-square statistic.
double chi_square(std::uint64_t bound) {
  constexpr int kEach = 2000;
  RandomStream stream(4, kShuffle, 0);
  std::vector<int> counts(bound);
  for (std::uint64_t i = 0; i < bound * kEach; ++i) {
    const std::uint64_t value = stream.next_below(bound);
    CHECK(value < bound);
    ++counts[value];
  }
  double sum = 0;
  for (const int count : counts) sum += (count - kEach) * (count - kEach) / double{kEach};
  return sum;
}

TEST(random_whole_numbers_are_even) {
  CHECK_EQUAL(chi_square(1), 0.0);
  // The statistic's mean is bound - 1, its variance twice that; five deviations, and some for its skew.
  for (const std::uint64_t bound : {2, 3, 10, 64, 97}) {
    check::at() = check::text("bound ", bound);
    const auto freedom = static_cast<double>(bound - 1);
    CHECK(chi_square(bound) < freedom + 5 * std::sqrt(2 * freedom) + 10);
  }
}

TEST(random_whole_numbers_have_no_bias_where_a_remainder_would) {
  // 2^32 modulo 3 2^30, or 2^64 modulo 3 2^62, would give the numbers of the first third, or every third number, twice as
  // often as the others: in half of the draws instead of a third.
  for (const std::uint64_t bound : {std::uint64_t{3} << 30, std::uint64_t{3} << 62}) {
    check::at() = check::text("bound ", bound);
    constexpr int kCount = 30'000;
    RandomStream stream(5, kShuffle, 0);
    int low = 0, every_third = 0;
    for (int i = 0; i < kCount; ++i) {
      const std::uint64_t value = stream.next_below(bound);
      CHECK(value < bound);
      low += value < bound / 3;
      every_third += value % 3 == 0;
    }
    CHECK_NEAR(low / double{kCount}, 1.0 / 3, 5 * std::sqrt(2.0 / 9 / kCount));
    CHECK_NEAR(every_third / double{kCount}, 1.0 / 3, 5 * std::sqrt(2.0 / 9 / kCount));
  }
  RandomStream stream(5, kShuffle, 1);
  CHECK(stream.next_below(UINT64_MAX) < UINT64_MAX);
}

TEST(random_logarithm_keeps_its_promise) {
  RandomStream stream(6, kInitial, 0);
  const auto check_at = [](double x) {
    check::at() = check::text("x ", x);
    const long double exact = std::log(static_cast<long double>(x));
    const double magnitude = std::fabs(static_cast<double>(exact));
    const double unit = std::nextafter(magnitude, 2 * magnitude + 1) - magnitude;
    CHECK_NEAR(static_cast<long double>(natural_log(x)), exact, 2 * static_cast<long double>(unit));
  };
  for (int i = 0; i < 20'000; ++i) {
    const double u = stream.next_open_uniform();
    check_at(u);
    check_at(0.5 + u);               // around 1
    check_at(1 + 1e-6 * (u - 0.5));  // very near to it
    check_at(std::ldexp(u, static_cast<int>(2000 * u) - 1000));
  }
  check_at(std::numeric_limits<double>::min());
  check_at(std::numeric_limits<double>::max());
  CHECK_EQUAL(natural_log(1), 0.0);
}

TEST(random_normal_quantiles) {
  // Computed with 60 digits by mpmath 1.3, from these doubles.
  constexpr double kQuantiles[][2] = {
      {1e-300, -37.0470962993612},  {1e-100, -21.273453560965326},   {1e-20, -9.262340089798407},
      {1e-10, -6.361340902404057},  {0.001, -3.0902323061678136},    {0.025, -1.9599639845400543},
      {0.074, -1.4466320671589785},  // the tail begins at 0.075
      {0.076, -1.4325027208258116}, {0.25, -0.6744897501960817},     {0.4, -0.2533471031357997},
      {0.6, 0.2533471031357997},    {0.9, 1.2815515655446006},       {0.975, 1.9599639845400538},
      {0.999, 3.090232306167813},   {1 - 0x1p-53, 8.209536151601387}};
  for (const auto& [p, z] : kQuantiles) {
    check::at() = check::text("p ", p);
    CHECK_NEAR(normal_quantile(p), z, 1e-15 * std::fabs(z));
  }
  CHECK_EQUAL(normal_quantile(0.5), 0.0);
}

TEST(random_normal_variates_are_normal) {
  RandomStream stream(8, kInitial, 0);
  constexpr int kCount = 100'000;
  double sum = 0, sum_of_squares = 0, sum_of_fourth = 0;
  for (int i = 0; i < kCount; ++i) {
    const double z = normal_quantile(stream.next_open_uniform());
    sum += z;
    sum_of_squares += z * z;
    sum_of_fourth += z * z * z * z;
  }
  // Moments 0, 1, 3 with variances 1, 2, 96
  CHECK_NEAR(sum / kCount, 0.0, 5 * std::sqrt(1.0 / kCount));
  CHECK_NEAR(sum_of_squares / kCount, 1.0, 5 * std::sqrt(2.0 / kCount));
  CHECK_NEAR(sum_of_fourth / kCount, 3.0, 5 * std::sqrt(96.0 / kCount));
}

}  // namespace
}  // namespace chainrule
