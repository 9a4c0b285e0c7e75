// What the tests of vectors and of elementary functions share: targets, bits, numbers of all kinds.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/kernels/all_targets.h"
#include "chainrule/random/stream.h"
#include "chainrule/simd/denormals.h"
#include "chainrule/simd/dispatch.h"
#include "check.h"
#include "simd/vec_operations.h"

// The promises stand beside the functions, which only a target can include.
#define CHAINRULE_TARGET scalar
#include "chainrule/simd/vec_scalar.h"
//
#include "chainrule/kernels/elementary.h"

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

}  // namespace
}  // namespace chainrule
