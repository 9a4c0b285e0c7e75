// CPU targets: their choice, every operation of their vectors, sums over lanes, and the elementary functions.
// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "check.h"
#include "kernels/kernel_tables.h"
#include "random/stream.h"
#include "simd/denormals.h"
#include "simd/dispatch.h"
#include "simd/vec_operations.h"

// The promises stand beside the functions, which only a target can include.
#define CHAINRULE_TARGET scalar
#include "simd/vec_scalar.h"
//
#include "kernels/elementary.h"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace chainrule {

#define X(target)                            \
  namespace target {                         \
  extern const TargetOperations kOperations; \
  }
CHAINRULE_TARGETS
#undef X

namespace {

template <class T>
const VecOperations<T>& operations(Target target) {
#define X(name) \
  if (target == Target::name) all = &name::kOperations;
  const TargetOperations* all = nullptr;
  CHAINRULE_TARGETS
#undef X
  if constexpr (sizeof(T) == sizeof(float)) {
    return all->of_float;
  } else {
    return all->of_double;
  }
}

// Calls visit(target, T()) for each target that this machine can run and each type of number.
template <class Visit>
void for_each_target(const Visit& visit) {
  for (const Target target : supported_targets()) {
    visit(target, float());
    visit(target, double());
  }
}

template <class T>
std::string describe(Target target) {
  return check::text(target_name(target), ", ", 8 * sizeof(T), " bits");
}

// ---- Numbers to test with ---------------------------------------------------------------------------------------

template <class T>
using Bits = std::conditional_t<sizeof(T) == sizeof(float), std::uint32_t, std::uint64_t>;

template <class T>
Bits<T> bits_of(T x) {
  Bits<T> bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
template <class T>
T from_bits(Bits<T> bits) {
  T x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

template <class T>
bool same(T a, T b) {
  return bits_of(a) == bits_of(b) || (std::isnan(a) && std::isnan(b));
}

template <class T>
using Limits = std::numeric_limits<T>;

// Comparisons take a denormal number for 0 while they are flushed.
template <class T>
bool is_denormal(T x) {
  const Bits<T> bits = bits_of(std::fabs(x));
  return bits > 0 && bits < bits_of(Limits<T>::min());
}

template <class T>
std::vector<T> special_values() {
  std::vector<T> values = {T(0),
                           T(0.5),
                           T(1),
                           T(1.5),
                           T(2),
                           T(2.5),
                           T(3),
                           T(88.7),
                           T(709.7),
                           T(1e-20),
                           T(1e20),
                           std::sqrt(T(2)),
                           T(1) / T(3),
                           Limits<T>::min(),
                           Limits<T>::epsilon(),
                           Limits<T>::max(),
                           Limits<T>::denorm_min(),
                           Limits<T>::min() / 2,
                           Limits<T>::infinity(),
                           Limits<T>::quiet_NaN()};
  for (const T value : std::vector<T>(values)) {
    values.push_back(std::nextafter(value, T(0)));
    values.push_back(std::nextafter(value, Limits<T>::infinity()));
  }
  for (const T value : std::vector<T>(values)) values.push_back(-value);
  return values;
}

// Every bit pattern `step` after another, so every exponent.
template <class T>
std::vector<T> spread_over_bits(std::size_t count) {
  std::vector<T> values(count);
  const Bits<T> step = std::numeric_limits<Bits<T>>::max() / static_cast<Bits<T>>(count) | 1;
  for (std::size_t i = 0; i < count; ++i) values[i] = from_bits<T>(static_cast<Bits<T>>(i * step));
  return values;
}

template <class T>
T into_domain(T x, Domain domain) {
  switch (domain) {
    case Domain::kAll: return x;
    case Domain::kRoundable: {
      const T limit = std::ldexp(T(1), Limits<T>::digits - 2);
      return std::fabs(x) < limit ? x : std::isfinite(x) ? std::fmod(x, limit) : T(0.5);
    }
    case Domain::kPositiveNormal: return std::isnormal(x) ? std::fabs(x) : T(1);
    case Domain::kExponents: return std::isnormal(x) ? std::floor(std::log2(std::fabs(x))) : T(0);
  }
  return x;
}

// A page that nothing may touch follows the numbers, where the system offers that.
template <class T>
class GuardedNumbers {
 public:
#if defined(__unix__) || defined(__APPLE__)
  explicit GuardedNumbers(std::size_t count)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    size_ = (count * sizeof(T) + page_ - 1) / page_ * page_ + page_;
    block_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char* guard = static_cast<char*>(block_) + size_ - page_;
    mprotect(guard, page_, PROT_NONE);
    end_ = reinterpret_cast<T*>(guard);
  }
  ~GuardedNumbers() { munmap(block_, size_); }

 private:
  std::size_t page_, size_;
  void* block_;
#else
  explicit GuardedNumbers(std::size_t count) : numbers_(count), end_(numbers_.data() + count) {}

 private:
  std::vector<T> numbers_;
#endif
 public:
  GuardedNumbers(const GuardedNumbers&) = delete;
  GuardedNumbers& operator=(const GuardedNumbers&) = delete;
  // The last n numbers
  T* last(std::int64_t n) const { return end_ - n; }

 private:
  T* end_;
};

// ---- Choice -----------------------------------------------------------------------------------------------------

class Environment {
 public:
  explicit Environment(const char* name) : name_(name) {
    const char* value = std::getenv(name);
    was_set_ = value != nullptr;
    if (was_set_) before_ = value;
  }
  ~Environment() { set(was_set_ ? before_.c_str() : ""); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  void set(const char* value) {
#ifdef _WIN32
    _putenv_s(name_, value);
#else
    setenv(name_, value, 1);
#endif
  }

 private:
  const char* name_;
  bool was_set_;
  std::string before_;
};

TEST(simd_target_is_the_best_or_the_one_asked_for) {
  Environment environment("CHAINRULE_CPU");
  environment.set("");
  CHECK(choose_target() == supported_targets().back());
  CHECK(supported_targets().front() == Target::scalar);
  for (const Target target : supported_targets()) {
    environment.set(target_name(target));
    CHECK(choose_target() == target);
  }
  environment.set("v5");
  CHECK_THROWS(std::invalid_argument, "\"v5\"", choose_target());
  CHECK_THROWS(std::invalid_argument, target_name(supported_targets().back()), choose_target());
}

// ---- Vectors ----------------------------------------------------------------------------------------------------

// The operation of every target gives the bits of the scalar one. Only v2 has no fused multiply-add.
template <class T>
void check_lane_operations(Target target, bool with_denormals) {
  const auto& plain = operations<T>(Target::scalar);
  const auto& tested = operations<T>(target);
  std::vector<T> some = special_values<T>();
  if (!with_denormals) {
    some.erase(std::remove_if(some.begin(), some.end(), is_denormal<T>), some.end());
  }
  std::vector<T> a, b, c;
  for (const T first : some) {
    for (const T second : some) {
      a.push_back(first);
      b.push_back(second);
      c.push_back(some[(a.size() * 7 + a.size() / some.size()) % some.size()]);
    }
  }
  RandomStream stream(0, Purpose::kInitialParameters, 0);
  while (a.size() % 16 != 0 || a.size() < 20'000) {
    const auto draw = [&] {
      const T x = static_cast<T>(2 * stream.next_uniform() - 1);
      return std::ldexp(x, static_cast<int>(40 * stream.next_uniform()) - 20);
    };
    a.push_back(draw());
    b.push_back(draw());
    c.push_back(draw());
  }
  const auto count = static_cast<std::int64_t>(a.size());
  std::vector<T> expected(a.size()), found(a.size());
  for (int n = 0; n < tested.n_lane_operations; ++n) {
    const LaneOperation<T>& operation = tested.lane_operations[n];
    if (target == Target::v2 && operation.name == std::string("fma")) continue;
    std::vector<T> inputs = a;
    for (T& x : inputs) x = into_domain(x, operation.domain);
    plain.lane_operations[n].run(inputs.data(), b.data(), c.data(), expected.data(), count);
    operation.run(inputs.data(), b.data(), c.data(), found.data(), count);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (same(found[i], expected[i])) continue;
      check::at() = check::text(describe<T>(target), ", ", operation.name, ", a ", inputs[i],
                                ", b ", b[i], ", c ", c[i]);
      CHECK_EQUAL(found[i], expected[i]);
      CHECK(same(found[i], expected[i]));
    }
  }
}

TEST(simd_operations_give_the_bits_of_the_scalar_target) {
  for_each_target([](Target target, auto number) {
    using T = decltype(number);
    check_lane_operations<T>(target, true);
    const FlushDenormals flush;
    check_lane_operations<T>(target, false);
  });
}

TEST(simd_partial_loads_and_stores_touch_nothing_else) {
  for_each_target([](Target target, auto number) {
    using T = decltype(number);
    const auto& tested = operations<T>(target);
    const GuardedNumbers<T> block(64);
    for (int n = 0; n <= tested.width; ++n) {
      check::at() = check::text(describe<T>(target), ", ", n, " numbers");
      T* place = block.last(n);
      T lanes[16], mask[16], values[16];
      for (int i = 0; i < n; ++i) place[i] = static_cast<T>(i + 1);
      std::fill_n(lanes, 16, T(-1));
      tested.load_first(place, n, lanes);
      tested.first(n, mask);
      for (int i = 0; i < tested.width; ++i) {
        CHECK_EQUAL(lanes[i], i < n ? static_cast<T>(i + 1) : T(0));
        CHECK_EQUAL(mask[i], static_cast<T>(i < n));
      }
      for (int i = 0; i < 16; ++i) values[i] = static_cast<T>(100 + i);
      tested.store_first(values, place, n);
      for (int i = 0; i < n; ++i) CHECK_EQUAL(place[i], values[i]);
      // And before the end of a row, what follows keeps its value.
      T row[17];
      std::fill_n(row, 17, T(-1));
      tested.store_first(values, row, n);
      for (int i = 0; i < 17; ++i) CHECK_EQUAL(row[i], i < n ? values[i] : T(-1));
    }
  });
}

TEST(simd_any_and_all_see_every_lane) {
  for_each_target([](Target target, auto number) {
    using T = decltype(number);
    const auto& tested = operations<T>(target);
    check::at() = describe<T>(target);
    for (int lane = 0; lane < tested.width; ++lane) {
      T one[16], others[16];
      std::fill_n(one, 16, T(-1));
      std::fill_n(others, 16, T(1));
      CHECK(!tested.any_positive(one));
      CHECK(tested.all_positive(others));
      one[lane] = T(1);
      others[lane] = T(-1);
      CHECK(tested.any_positive(one));
      CHECK(!tested.all_positive(others));
    }
  });
}

TEST(simd_transposes) {
  for_each_target([](Target target, auto number) {
    using T = decltype(number);
    const auto& tested = operations<T>(target);
    const int width = tested.width;
    T block[16 * 16];
    for (int i = 0; i < width * width; ++i) block[i] = static_cast<T>(i);
    tested.transpose(block);
    for (int i = 0; i < width; ++i) {
      for (int j = 0; j < width; ++j) {
        check::at() = check::text(describe<T>(target), ", row ", i, ", column ", j);
        CHECK_EQUAL(block[i * width + j], static_cast<T>(j * width + i));
      }
    }
  });
}

// ---- Lanes ------------------------------------------------------------------------------------------------------

// As kernels/lanes.h says.
template <class T, class Combine>
T fold_by_halves(std::vector<T> lanes, const Combine& combine) {
  for (std::size_t half = lanes.size() / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) lanes[i] = combine(lanes[i], lanes[i + half]);
  }
  return lanes[0];
}

template <class T>
T larger(T a, T b) {
  return a > b ? a : b;
}

TEST(simd_rows_are_summed_in_16_lanes_on_every_target) {
  for_each_target([](Target target, auto number) {
    using T = decltype(number);
    const auto& tested = operations<T>(target);
    const GuardedNumbers<T> block(300);
    for (std::int64_t n = 0; n <= 300; n += n < 70 ? 1 : 23) {
      for (const bool special : {false, true}) {
        check::at() = check::text(describe<T>(target), ", ", n, " numbers, special ", special);
        RandomStream stream(1, Purpose::kInitialParameters, static_cast<std::uint32_t>(n));
        T* x = block.last(n);
        for (std::int64_t i = 0; i < n; ++i) x[i] = static_cast<T>(stream.next_uniform() - 0.6);
        if (special && n > 0) x[n / 2] = Limits<T>::quiet_NaN();
        std::vector<T> sums(16, T(0)), maxima(16, -Limits<T>::infinity());
        for (std::int64_t i = 0; i < n; ++i) {
          sums[static_cast<std::size_t>(i % 16)] += x[i];
          T& maximum = maxima[static_cast<std::size_t>(i % 16)];
          maximum = larger(x[i], maximum);
        }
        const auto add = [](T a, T b) { return a + b; };
        CHECK(same(tested.row_sum(x, n), fold_by_halves(sums, add)));
        CHECK(same(tested.row_max(x, n), fold_by_halves(maxima, larger<T>)));
        const auto width = static_cast<std::size_t>(tested.width);
        sums.resize(width), maxima.resize(width);
        CHECK(same(tested.fold_sum(sums.data()), fold_by_halves(sums, add)));
        CHECK(same(tested.fold_max(maxima.data()), fold_by_halves(maxima, larger<T>)));
      }
    }
  });
}

// ---- Elementary functions ---------------------------------------------------------------------------------------

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

  Map on(Target target) const { return of_table(kernel_tables<T>(target).elementary); }
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
      {"erf", [](const Table& table) { return table.erf; }, [](L x) { return std::erf(x); },
       promised::kErfMaxUlp},
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
      {0xBCD1BF7BC7C80CC5, 0xFD9F0BD06193C255},  // erf
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
      if (function.name != "tanh" && function.name != "erf") continue;
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
