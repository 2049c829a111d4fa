// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "memory/paging.h"
#include "cpu/cpu.h"
#include "memory/memory.h"
#include "memory/tlb.h"

extern "C" uint64_t boot_pml4[512];

namespace paging {
namespace {

unsigned indexAt(uint64_t Address, unsigned Level) {
  return Address >> (12 + 9 * Level) & 511;
}

uint64_t *tableOf(uint64_t Entry) {
  return static_cast<uint64_t *>(memory::direct(Entry & AddressMask));
}

// Level 0: the entries are pages.
void freeTable(uint64_t *Table, unsigned Level, unsigned Count) {
  for (unsigned I = 0; I != Count; ++I) {
    if (!Table[I])
      continue;
    if (Level)
      freeTable(tableOf(Table[I]), Level - 1, 512);
    memory::freePage(Table[I] & AddressMask);
    Table[I] = 0;
  }
}

// Makes 4 KiB pages of the 2 MiB page at Address, if there is one.
bool splitLarge(uint64_t Address) {
  uint64_t *Table = boot_pml4;
  for (unsigned Level = 3; Level != 1; --Level) {
    uint64_t E = Table[indexAt(Address, Level)];
    if (!(E & Present))
      return true;
    Table = tableOf(E);
  }
  uint64_t &Place = Table[indexAt(Address, 1)];
  uint64_t E = __atomic_load_n(&Place, __ATOMIC_ACQUIRE);
  if (!(E & Large))
    return true;
  uint64_t Page = memory::allocatePage();
  if (!Page)
    return false;
  uint64_t *Pages = tableOf(Page);
  for (unsigned I = 0; I != 512; ++I)
    Pages[I] = (E & ~static_cast<uint64_t>(Large)) + I * PageSize;
  if (__atomic_compare_exchange_n(&Place, &E, Page | Present | Writable, false,
                                  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    tlb::flushAll();
  else
    memory::freePage(Page); // another processor was first
  return true;
}

} // namespace

void setIdentityMap(bool On) {
  boot_pml4[0] = On ? boot_pml4[indexAt(DIRECT_MAP, 3)] : 0;
  tlb::flushAll();
}

uint64_t *entry(uint64_t Address, bool Create) {
  uint64_t *Table = boot_pml4;
  for (unsigned Level = 3; Level; --Level) {
    uint64_t &Place = Table[indexAt(Address, Level)];
    uint64_t E = __atomic_load_n(&Place, __ATOMIC_ACQUIRE);
    if (!(E & Present)) {
      if (!Create)
        return nullptr;
      uint64_t Page = memory::allocatePage();
      if (!Page)
        return nullptr;
      uint64_t New = Page | Present | Writable | User;
      if (__atomic_compare_exchange_n(&Place, &E, New, false, __ATOMIC_ACQ_REL,
                                      __ATOMIC_ACQUIRE))
        E = New;
      else
        memory::freePage(Page); // another processor was first
    }
    if (E & Large)
      return nullptr;
    Table = tableOf(E);
  }
  return &Table[indexAt(Address, 0)];
}

uint64_t findUsed(uint64_t Start, uint64_t End) {
  for (uint64_t A = Start; A < End;) {
    const uint64_t *Table = boot_pml4;
    unsigned Level = 3;
    while (Level && Table[indexAt(A, Level)] & Present)
      Table = tableOf(Table[indexAt(A, Level--)]);
    if (!Level && Table[indexAt(A, 0)])
      return A;
    // To the start of what the next entry of this level covers.
    uint64_t Span = PageSize << (9 * Level);
    A = (A & -Span) + Span;
  }
  return End;
}

bool map(uint64_t Address, uint64_t Physical, uint64_t Flags) {
  uint64_t *E = entry(Address, true);
  if (!E)
    return false;
  *E = Physical | Flags | Present;
  cpu::invalidatePage(Address);
  return true;
}

bool setKey(uint64_t Address, uint64_t Key) {
  constexpr uint64_t KeyMask = 15ull << 59;
  if (!splitLarge(Address))
    return false;
  uint64_t *E = entry(Address, false);
  if (!E || !(*E & Present))
    return false;
  uint64_t New = (*E & ~KeyMask) | Key << 59;
  if (*E != New) {
    *E = New;
    tlb::flush(Address, Address + PageSize);
  }
  return true;
}

uint64_t unmap(uint64_t Address) {
  uint64_t *E = entry(Address, false);
  if (!E || !*E)
    return 0;
  uint64_t Physical = *E & AddressMask;
  *E = 0;
  tlb::flush(Address, Address + PageSize);
  return Physical;
}

void unmapRange(uint64_t Start, uint64_t End, void (*Free)(uint64_t Physical)) {
  bool Any = false;
  for (uint64_t A = Start; (A = findUsed(A, End)) != End; A += PageSize) {
    *entry(A, false) &= ~static_cast<uint64_t>(Present);
    Any = true;
  }
  if (!Any)
    return;
  tlb::flush(Start, End);
  for (uint64_t A = Start; (A = findUsed(A, End)) != End; A += PageSize) {
    uint64_t *E = entry(A, false);
    uint64_t Physical = *E & AddressMask;
    *E = 0;
    Free(Physical);
  }
}

void freeLowerHalf() {
  constexpr unsigned Count = 256;
  for (unsigned I = 0; I != Count; ++I)
    boot_pml4[I] &= ~static_cast<uint64_t>(Present);
  tlb::flushAll();
  freeTable(boot_pml4, 3, Count);
}

bool isMapped(uint64_t Address) {
  // Non-canonical addresses have no entry of their own.
  if (static_cast<int64_t>(Address << 16) >> 16 !=
      static_cast<int64_t>(Address))
    return false;
  uint64_t *Table = boot_pml4;
  for (unsigned Level = 3;; --Level) {
    uint64_t E = Table[indexAt(Address, Level)];
    if (!(E & Present))
      return false;
    if (!Level || E & Large)
      return true;
    Table = tableOf(E);
  }
}

} // namespace paging
