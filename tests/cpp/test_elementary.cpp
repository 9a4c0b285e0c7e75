// Elementary functions: the promised error over dense samples, special values, equal bits on every target.
// SPDX-License-Identifier: BSD-3-Clause
#include "simd_support.h"

namespace chainrule {
namespace {

// A reference with enough digits: the C library's, in the next longer type.
template <class T>
using Longer = std::conditional_t<sizeof(T) == sizeof(float), double, long double>;

template <class T>
struct Function {
  using Map = typename ElementaryTable<T>::Map;
  std::string name;
  Map (*of_table)(const ElementaryTable<T>&);
  Longer<T> (*exact)(Longer<T>);
  double max_ulp;

  Map on(Target target) const { return of_table(tables_of<T>(target).elementary); }
  std::vector<T> operator()(Target target, const std::vector<T>& x) const {
    std::vector<T> y(x.size());
    on(target)(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    return y;
  }
};

template <class T>
std::vector<Function<T>> functions() {
  using L = Longer<T>;
  using Table = ElementaryTable<T>;
  namespace promised = chainrule::scalar;
  return {
      {"exp", [](const Table& table) { return table.exp; }, [](L x) { return std::exp(x); },
       promised::kExpMaxUlp},
      {"expm1", [](const Table& table) { return table.expm1; }, [](L x) { return std::expm1(x); },
       promised::kExpm1MaxUlp},
      {"log", [](const Table& table) { return table.log; }, [](L x) { return std::log(x); },
       promised::kLogMaxUlp},
      {"log1p", [](const Table& table) { return table.log1p; }, [](L x) { return std::log1p(x); },
       promised::kLog1pMaxUlp},
      {"tanh", [](const Table& table) { return table.tanh; }, [](L x) { return std::tanh(x); },
       promised::kTanhMaxUlp},
      {"sigmoid", [](const Table& table) { return table.sigmoid; },
       [](L x) { return 1 / (1 + std::exp(-x)); }, promised::kSigmoidMaxUlp},
      {"softplus", [](const Table& table) { return table.softplus; },
       [](L x) { return std::max(x, L(0)) + std::log1p(std::exp(-std::fabs(x))); },
       promised::kSoftplusMaxUlp},
  };
}

// All exponents, special values, and the ranges where the functions do not just saturate.
template <class T>
std::vector<T> samples() {
  constexpr bool kMany = sizeof(T) == sizeof(float);
  std::vector<T> values = spread_over_bits<T>(kMany ? 500'000 : 20'000);
  for (const T value : special_values<T>()) values.push_back(value);
  for (const double limit : {1.5, 12.0, 100.0, 720.0}) {
    const int count = kMany ? 50'000 : 3'000;
    for (int i = -count; i <= count; ++i) values.push_back(static_cast<T>(limit * i / count));
  }
  return values;
}

// One unit in the last place of the exact result
template <class T>
Longer<T> unit(Longer<T> exact) {
  int exponent;
  std::frexp(exact, &exponent);
  return std::ldexp(Longer<T>(1), std::max(exponent, Limits<T>::min_exponent) - Limits<T>::digits);
}

template <class T>
bool keeps_promise(const Function<T>& function, T x, T y) {
  using L = Longer<T>;
  const L exact = function.exact(x);
  // A denormal number may count as 0.
  if (is_denormal(x) &&
      static_cast<L>(y) == function.exact(std::copysign(L(0), static_cast<L>(x)))) {
    return true;
  }
  if (std::isnan(exact)) return std::isnan(y);
  constexpr T kSmallest = scalar::kSmallestResult<T>;
  if (std::fabs(exact) < kSmallest) {
    return std::fabs(y) <= kSmallest && std::signbit(y) == std::signbit(exact);
  }
  if (std::isinf(static_cast<T>(exact))) return y == static_cast<T>(exact);
  return std::fabs(y - exact) <= static_cast<L>(function.max_ulp) * unit<T>(exact);
}

template <class T>
void check_promises() {
  for (const Function<T>& function : functions<T>()) {
    const std::vector<T> x = samples<T>();
    const std::vector<T> plain = function(Target::scalar, x);
    for (const Target target : supported_targets()) {
      const std::vector<T> y = function(target, x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool equal = same(y[i], plain[i]);
        const bool accurate =
            (equal && target != Target::scalar) || keeps_promise(function, x[i], y[i]);
        if (accurate && (equal || target == Target::v2)) continue;
        check::at() = check::text(describe<T>(target), ", ", function.name, ", x ", x[i], ", y ",
                                  y[i], ", exact ", function.exact(x[i]));
        CHECK(accurate);
        CHECK_EQUAL(bits_of(y[i]), bits_of(plain[i]));
      }
    }
  }
}

TEST(simd_functions_keep_their_promises_with_equal_bits) {
  check_promises<float>();
  check_promises<double>();
}

// Where this CPU has no such instruction, the C library computes fma in parts, and some of these may be flushed.
bool fma_is_one_instruction() {
  const Target best = supported_targets().back();
  return best != Target::scalar && best != Target::v2;
}

TEST(simd_functions_keep_their_promises_while_denormals_are_flushed) {
  if (!fma_is_one_instruction()) return;
  const FlushDenormals flush;
  check_promises<float>();
  check_promises<double>();
}

// FNV-1a; one NaN is as good as another.
template <class T>
std::uint64_t hash(const std::vector<T>& values) {
  std::uint64_t sum = 0xCBF29CE484222325;
  for (const T value : values) {
    sum = (sum ^ bits_of(std::isnan(value) ? Limits<T>::quiet_NaN() : value)) * 0x100000001B3;
  }
  return sum;
}

TEST(simd_functions_give_the_same_bits_on_every_machine) {
  // From x86-64. Where a function changes on purpose, its number changes, and every trained weight with it.
  constexpr std::uint64_t kHashes[][2] = {
      {0x3B1571A2A687EDCE, 0xA09D2FA627F38D91},  // exp
      {0x0405A7E1051A2009, 0x5A266FD4F9F65C56},  // expm1
      {0x5A41D3770DEA2B05, 0x7E13A994873ED770},  // log
      {0x5BB0766A6D424437, 0xEAD8A115DA1C8593},  // log1p
      {0x8EB64DF332436A47, 0xA58BCA459A997427},  // tanh
      {0x74338755FDC2DAEF, 0x1226D1F053DBE4D2},  // sigmoid
      {0xFBEF42987A778895, 0xD432B930CCC9E160},  // softplus
  };
  if (!fma_is_one_instruction()) return;
  const FlushDenormals flush;  // as in the kernels' use
  const auto of_float = functions<float>();
  const auto of_double = functions<double>();
  for (std::size_t i = 0; i < of_float.size(); ++i) {
    check::at() = of_float[i].name;
    CHECK_EQUAL(hash(of_float[i](Target::scalar, samples<float>())), kHashes[i][0]);
    CHECK_EQUAL(hash(of_double[i](Target::scalar, samples<double>())), kHashes[i][1]);
  }
}

TEST(simd_functions_are_odd_where_they_should_be) {
  for_each_target([](Target target, auto number) {
    using T = decltype(number);
    for (const Function<T>& function : functions<T>()) {
      if (function.name != "tanh") continue;
      const std::vector<T> x = samples<T>();
      std::vector<T> opposite(x.size());
      std::transform(x.begin(), x.end(), opposite.begin(), [](T each) { return -each; });
      const std::vector<T> y = function(target, x), of_opposite = function(target, opposite);
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (same(of_opposite[i], -y[i])) continue;
        check::at() = check::text(describe<T>(target), ", ", function.name, ", x ", x[i]);
        CHECK_EQUAL(of_opposite[i], -y[i]);
      }
    }
  });
}

TEST(simd_functions_take_rows_of_any_length) {
  for_each_target([](Target target, auto number) {
    using T = decltype(number);
    const GuardedNumbers<T> from(64), to(64);
    for (const Function<T>& function : functions<T>()) {
      const std::vector<T> x = special_values<T>();
      const std::vector<T> y = function(target, x);
      for (std::int64_t n = 0; n <= 50; ++n) {
        check::at() = check::text(describe<T>(target), ", ", function.name, ", ", n, " numbers");
        std::copy_n(x.begin(), n, from.last(n));
        std::fill_n(to.last(64), 64, T(-7));
        const auto map = function.on(target);
        map(from.last(n), to.last(n), n);
        for (std::int64_t i = 0; i < 64; ++i) {
          const T found = to.last(64)[i];
          CHECK(i < 64 - n ? found == T(-7) : same(found, y[static_cast<std::size_t>(i - 64 + n)]));
        }
        map(from.last(n), from.last(n), n);  // in place
        CHECK(std::equal(from.last(n), from.last(0), to.last(n), same<T>));
      }
    }
  });
}

}  // namespace
}  // namespace chainrule
