// Vectors: every operation on every target against the scalar one, bit for bit.
// SPDX-License-Identifier: BSD-3-Clause
#include "simd_support.h"

namespace chainrule {
namespace {

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

}  // namespace
}  // namespace chainrule
