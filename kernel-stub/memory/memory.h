// Physical memory: 4 KiB pages below 4 GiB, all reachable in the direct map.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_MEMORY_H
#define STUB_MEMORY_H

#include "cpu/config.h"
#include <stddef.h>
#include <stdint.h>

namespace memory {

// Where the kernel sees physical memory.
inline void *direct(uint64_t Physical) {
  return reinterpret_cast<void *>(DIRECT_MAP + Physical);
}
inline uint64_t physical(const void *Direct) {
  return reinterpret_cast<uint64_t>(Direct) - DIRECT_MAP;
}

// Gives the allocator the whole pages of [Start, End). At boot.
void addRegion(uint64_t Start, uint64_t End);

// A zeroed page's physical address, or 0 if memory is exhausted.
uint64_t allocatePage();
void freePage(uint64_t Physical);

// Hands the running thread's cached pages back: at its end.
void flushCache();

size_t freePages(); // the cached ones of other threads not counted

} // namespace memory

#endif
