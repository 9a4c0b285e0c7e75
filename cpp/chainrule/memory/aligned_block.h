// One zeroed block of memory that starts on a cache line: parameters, optimizer state, workspaces. A vector that begins
// in the block may be read whole: zeros come after it.
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

// The least multiple of `step` that is not below n.
inline std::int64_t round_up(std::int64_t n, std::int64_t step) {
  return (n + step - 1) / step * step;
}

// Pages of Linux on most CPUs, if it is asked: a block of weights then needs 512 times fewer entries of the tables that
// translate addresses, of which a core holds a few thousand.
constexpr std::size_t kHugePage = std::size_t{1} << 21;
void ask_for_huge_pages(void* data, std::size_t bytes);

template <class T>
class AlignedBlock {
 public:
  AlignedBlock() = default;
  explicit AlignedBlock(std::int64_t size) : AlignedBlock(size, [] {}) {}
  // Calls poll() now and then while it is zeroed, which takes a second for some gigabytes.
  template <class Poll>
  AlignedBlock(std::int64_t size, Poll&& poll) : size_(size) {
    const auto bytes =
        static_cast<std::size_t>(checked_sum(checked_product(size, sizeof(T)), kBlockAlignment));
    const Free free{std::align_val_t{bytes < kHugePage ? kBlockAlignment : kHugePage}};
    data_ = {static_cast<T*>(::operator new(bytes, free.alignment)), free};
    if (bytes >= kHugePage) ask_for_huge_pages(data_.get(), bytes);
    constexpr std::size_t kAtOnce = std::size_t{1} << 20;
    const std::size_t count = bytes / sizeof(T);
    for (std::size_t first = 0; first < count; first += kAtOnce) {
      std::fill_n(data_.get() + first, std::min(kAtOnce, count - first), T(0));
      poll();
    }
  }

  T* data() const { return data_.get(); }
  std::int64_t size() const { return size_; }

 private:
  struct Free {
    std::align_val_t alignment{kBlockAlignment};
    void operator()(T* data) const { ::operator delete(data, alignment); }
  };

  std::int64_t size_ = 0;
  std::unique_ptr<T, Free> data_;
};

}  // namespace chainrule
