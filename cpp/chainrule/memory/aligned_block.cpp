// What a block of memory asks of the system.
// SPDX-License-Identifier: BSD-3-Clause
#include "chainrule/memory/aligned_block.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace chainrule {

void ask_for_huge_pages([[maybe_unused]] void* data, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Whole ones only: what the block does not fill stays the allocator's. A system that refuses has lost nothing.
  madvise(data, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
}

}  // namespace chainrule
