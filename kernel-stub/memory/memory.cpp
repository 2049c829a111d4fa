// A list of free pages, linked through themselves, and in front of it a few
// pages that each thread keeps in its thread-locals.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "memory/memory.h"
#include "cpu/cpu.h"
#include "lib/string.h"
#include "memory/paging.h"

namespace memory {
namespace {

using paging::PageSize;

struct FreePage {
  FreePage *Next;
};

cpu::Lock FreeLock;
FreePage *FreeList;
size_t NumFree;
// Fresh regions are cut from the front only when the list is empty, so that
// boot does not touch all memory.
struct Region {
  uint64_t Start, End;
};
Region Regions[16];
unsigned NumRegions;

constexpr unsigned CacheSize = 8;
__thread uint64_t Cache[CacheSize];
__thread unsigned NumCached;

uint64_t takePage() {
  cpu::LockGuard Guard(FreeLock);
  if (FreePage *Page = FreeList) {
    FreeList = Page->Next;
    --NumFree;
    return physical(Page);
  }
  while (NumRegions) {
    Region &R = Regions[NumRegions - 1];
    if (R.Start != R.End) {
      R.Start += PageSize;
      --NumFree;
      return R.Start - PageSize;
    }
    --NumRegions;
  }
  return 0;
}

void givePage(uint64_t Physical) {
  auto *Page = static_cast<FreePage *>(direct(Physical));
  cpu::LockGuard Guard(FreeLock);
  Page->Next = FreeList;
  FreeList = Page;
  ++NumFree;
}

} // namespace

void addRegion(uint64_t Start, uint64_t End) {
  Start = (Start + PageSize - 1) & ~(PageSize - 1);
  End &= ~(PageSize - 1);
  if (Start >= End || NumRegions == sizeof(Regions) / sizeof(*Regions))
    return;
  Regions[NumRegions++] = {Start, End};
  NumFree += (End - Start) / PageSize;
}

uint64_t allocatePage() {
  uint64_t Page;
  {
    cpu::InterruptGuard Guard;
    Page = NumCached ? Cache[--NumCached] : takePage();
  }
  if (Page)
    memset(direct(Page), 0, PageSize);
  return Page;
}

void freePage(uint64_t Physical) {
  cpu::InterruptGuard Guard;
  if (NumCached != CacheSize)
    Cache[NumCached++] = Physical;
  else
    givePage(Physical);
}

void flushCache() {
  cpu::InterruptGuard Guard;
  while (NumCached)
    givePage(Cache[--NumCached]);
}

size_t freePages() { return NumFree + NumCached; }

} // namespace memory
