// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/file_memory.h"
#include "user/user_pages.h"

namespace fileMemory {
namespace {
constexpr uint64_t PageSize = 4096;
uint64_t Limit;    // bytes
uint64_t NumBytes; // in use
} // namespace

void init() { Limit = memory::freePages() / 2 * PageSize; }

bool charge(uint64_t Bytes) {
  if (__atomic_add_fetch(&NumBytes, Bytes, __ATOMIC_RELAXED) <= Limit)
    return true;
  refund(Bytes);
  return false;
}

void refund(uint64_t Bytes) {
  __atomic_sub_fetch(&NumBytes, Bytes, __ATOMIC_RELAXED);
}

uint64_t allocate() {
  if (!charge(PageSize))
    return 0;
  uint64_t Page = user_pages::allocate();
  if (!Page)
    refund(PageSize);
  return Page;
}

void free(uint64_t Physical) {
  memory::freePage(Physical);
  refund(PageSize);
}

uint64_t limit() { return Limit / PageSize; }
uint64_t used() {
  return (__atomic_load_n(&NumBytes, __ATOMIC_RELAXED) + PageSize - 1) /
         PageSize;
}

} // namespace fileMemory
