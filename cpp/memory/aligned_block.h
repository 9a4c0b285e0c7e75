// One zeroed block of numbers that starts on a cache line: parameters, optimizer state, workspaces.
// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>

namespace chainrule {

// A cache line, and the widest vector register of the CPUs we know.
constexpr std::size_t kBlockAlignment = 64;

// a * b for sizes; throws std::bad_array_new_length (a MemoryError in Python) instead of wrapping around.
inline std::int64_t checked_product(std::int64_t a, std::int64_t b) {
  if (a < 0 || b < 0 || (b != 0 && a > std::numeric_limits<std::int64_t>::max() / b)) {
    throw std::bad_array_new_length();
  }
  return a * b;
}

inline std::int64_t checked_sum(std::int64_t a, std::int64_t b) {
  if (a < 0 || b < 0 || a > std::numeric_limits<std::int64_t>::max() - b) {
    throw std::bad_array_new_length();
  }
  return a + b;
}

template <class T>
class AlignedBlock {
 public:
  AlignedBlock() = default;
  explicit AlignedBlock(std::int64_t size)
      : size_(size), data_(static_cast<T*>(::operator new(bytes(size), kAlignment))) {
    std::fill_n(data_.get(), size, T(0));
  }

  T* data() const { return data_.get(); }
  std::int64_t size() const { return size_; }

 private:
  static constexpr std::align_val_t kAlignment{kBlockAlignment};

  static std::size_t bytes(std::int64_t size) {
    return static_cast<std::size_t>(checked_product(size, sizeof(T)));
  }

  struct Free {
    void operator()(T* data) const { ::operator delete(data, kAlignment); }
  };

  std::int64_t size_ = 0;
  std::unique_ptr<T, Free> data_;
};

}  // namespace chainrule
