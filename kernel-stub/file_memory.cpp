// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "file_memory.h"
#include "user_pages.h"

namespace fileMemory {
namespace {
uint64_t Limit, Used;
} // namespace

void init() { Limit = memory::freePages() / 2; }

uint64_t allocate() {
  if (__atomic_add_fetch(&Used, 1, __ATOMIC_RELAXED) <= Limit)
    if (uint64_t Page = user_pages::allocate())
      return Page;
  __atomic_sub_fetch(&Used, 1, __ATOMIC_RELAXED);
  return 0;
}

void free(uint64_t Physical) {
  memory::freePage(Physical);
  __atomic_sub_fetch(&Used, 1, __ATOMIC_RELAXED);
}

uint64_t limit() { return Limit; }
uint64_t used() { return __atomic_load_n(&Used, __ATOMIC_RELAXED); }

} // namespace fileMemory
