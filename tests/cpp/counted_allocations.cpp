// Every new and delete of the C++ tests is counted, and may be made to fail.
// SPDX-License-Identifier: BSD-3-Clause
#include "counted_allocations.h"

#include <cstdlib>
#include <new>

namespace chainrule {

std::atomic<std::int64_t> n_allocations{0}, n_deletions{0};
std::atomic<std::int64_t> allocations_to_failure{-1};

namespace {

void fail_if_due() {
  if (allocations_to_failure.load(std::memory_order_relaxed) < 0) return;
  if (allocations_to_failure.fetch_sub(1) == 0) throw std::bad_alloc();
}

void* counted(void* memory) {
  if (!memory) throw std::bad_alloc();
  n_allocations.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

void* counted_deletion(void* memory) noexcept {
  if (memory) n_deletions.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

}  // namespace
}  // namespace chainrule

using namespace chainrule;  // the operators are global

// The other forms of new and delete call these.
void* operator new(std::size_t size) {
  fail_if_due();
  return counted(std::malloc(size > 0 ? size : 1));
}
void operator delete(void* memory) noexcept { std::free(counted_deletion(memory)); }
void operator delete(void* memory, std::size_t) noexcept { std::free(counted_deletion(memory)); }

#if defined(_MSC_VER)
void* operator new(std::size_t size, std::align_val_t alignment) {
  fail_if_due();
  return counted(_aligned_malloc(size, static_cast<std::size_t>(alignment)));
}
void operator delete(void* memory, std::align_val_t) noexcept {
  _aligned_free(counted_deletion(memory));
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  _aligned_free(counted_deletion(memory));
}
#else
void* operator new(std::size_t size, std::align_val_t alignment) {
  fail_if_due();
  void* memory = nullptr;
  const int error = posix_memalign(&memory, static_cast<std::size_t>(alignment), size);
  return counted(error == 0 ? memory : nullptr);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(counted_deletion(memory));
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(counted_deletion(memory));
}
#endif
