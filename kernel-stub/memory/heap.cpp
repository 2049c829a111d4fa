// Small blocks are cut from pages, each page for one size; a page whose last
// block is freed goes back. Sizes up to a page are a page. Larger blocks are
// mapped, page by page, in the kernel's heap area. So an address tells which of
// the three it is.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "memory/heap.h"
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "cpu/panic.h"
#include "lib/string.h"
#include "memory/memory.h"
#include "memory/paging.h"

namespace heap {
namespace {

using paging::PageSize;

// --- Small ------------------------------------------------------------------

// At the start of a page of small blocks.
struct alignas(16) Slab {
  Slab *Next, *Previous; // of those of its size that have free blocks
  void *Free;            // the first free block; each holds the next one
  uint16_t Class, NumUsed;
};
static_assert(sizeof(Slab) <= 64);
constexpr size_t SlabHeader = 64;

// Multiples of 16 that leave little of a page over.
constexpr uint16_t Sizes[] = {16,  32,  48,  64,  96,   128,  192,
                              256, 384, 512, 672, 1008, 1344, 2016};
constexpr unsigned NumClasses = sizeof(Sizes) / sizeof(*Sizes);
constexpr size_t MaxSmall = Sizes[NumClasses - 1];

cpu::Lock HeapLock;
Slab *Partial[NumClasses]; // slabs with free blocks
size_t Used;

unsigned classFor(size_t Size) {
  unsigned C = 0;
  while (Sizes[C] < Size)
    ++C;
  return C;
}

void link(Slab &S) {
  Slab *&First = Partial[S.Class];
  S.Previous = nullptr;
  S.Next = First;
  if (First)
    First->Previous = &S;
  First = &S;
}

void unlink(Slab &S) {
  (S.Previous ? S.Previous->Next : Partial[S.Class]) = S.Next;
  if (S.Next)
    S.Next->Previous = S.Previous;
}

Slab *newSlab(unsigned Class) {
  uint64_t Page = memory::allocatePage();
  if (!Page)
    return nullptr;
  auto *Start = static_cast<char *>(memory::direct(Page));
  auto *S = reinterpret_cast<Slab *>(Start);
  S->Class = Class;
  size_t Size = Sizes[Class];
  for (char *At = Start + SlabHeader; At + Size <= Start + PageSize;
       At += Size) {
    *reinterpret_cast<void **>(At) = S->Free;
    S->Free = At;
  }
  link(*S);
  return S;
}

void *allocateSmall(unsigned Class) {
  cpu::LockGuard Guard(HeapLock);
  Slab *S = Partial[Class];
  if (!S && !(S = newSlab(Class)))
    return nullptr;
  void *Block = S->Free;
  S->Free = *static_cast<void **>(Block);
  ++S->NumUsed;
  if (!S->Free)
    unlink(*S);
  Used += Sizes[Class];
  return Block;
}

void freeSmall(uint64_t Address) {
  auto *S = reinterpret_cast<Slab *>(Address & -PageSize);
  cpu::LockGuard Guard(HeapLock);
  if (S->Class >= NumClasses || !S->NumUsed ||
      (Address % PageSize - SlabHeader) % Sizes[S->Class])
    panic("heap: 0x%lx is freed, which is no block", Address);
  if (!S->Free)
    link(*S);
  auto *Block = reinterpret_cast<void **>(Address);
  *Block = S->Free;
  S->Free = Block;
  Used -= Sizes[S->Class];
  if (--S->NumUsed)
    return;
  unlink(*S);
  memory::freePage(memory::physical(S));
}

// --- Large ------------------------------------------------------------------

// Addresses for 2^Order pages, of which the last is never mapped. They are used
// again, with the page tables that they have.
struct AddressRange {
  AddressRange *Next;
  uint64_t Start;
  unsigned Order;
};

// In front of the block.
struct alignas(16) LargeHeader {
  AddressRange *Range;
  size_t Size; // of the pages
};

constexpr unsigned MaxOrder = 20;
AddressRange *FreeRanges[MaxOrder + 1];
uint64_t NextStart = HEAP_AREA;

AddressRange *takeRange(unsigned Order) {
  {
    cpu::LockGuard Guard(HeapLock);
    if (AddressRange *R = FreeRanges[Order]) {
      FreeRanges[Order] = R->Next;
      return R;
    }
  }
  unsigned Class = classFor(sizeof(AddressRange));
  auto *R = static_cast<AddressRange *>(allocateSmall(Class));
  if (!R)
    return nullptr;
  cpu::LockGuard Guard(HeapLock);
  Used -= Sizes[Class]; // it stays, for no caller
  R->Start = NextStart;
  R->Order = Order;
  NextStart += PageSize << Order;
  return R;
}

void giveRange(AddressRange &R) {
  cpu::LockGuard Guard(HeapLock);
  R.Next = FreeRanges[R.Order];
  FreeRanges[R.Order] = &R;
}

void *allocateLarge(size_t Size) {
  Size = (Size + sizeof(LargeHeader) + PageSize - 1) & -PageSize;
  unsigned Order = 0;
  while (PageSize << Order < Size + PageSize)
    ++Order;
  AddressRange *R = Order <= MaxOrder ? takeRange(Order) : nullptr;
  if (!R)
    return nullptr;
  uint64_t Start = R->Start;
  for (uint64_t A = Start; A != Start + Size; A += PageSize) {
    uint64_t Page = memory::allocatePage();
    if (!Page || !paging::map(A, Page, paging::Writable | paging::NoExecute)) {
      if (Page)
        memory::freePage(Page);
      paging::unmapRange(Start, A, memory::freePage);
      giveRange(*R);
      return nullptr;
    }
  }
  auto *H = reinterpret_cast<LargeHeader *>(Start);
  *H = {R, Size};
  cpu::LockGuard Guard(HeapLock);
  Used += Size;
  return H + 1;
}

void freeLarge(uint64_t Address) {
  auto *H = reinterpret_cast<LargeHeader *>(Address) - 1;
  AddressRange *R = H->Range;
  size_t Size = H->Size;
  {
    cpu::LockGuard Guard(HeapLock);
    Used -= Size;
  }
  paging::unmapRange(R->Start, R->Start + Size, memory::freePage);
  giveRange(*R);
}

void countPage(size_t Change) {
  cpu::LockGuard Guard(HeapLock);
  Used += Change;
}

} // namespace

void *allocate(size_t Size) {
  if (Size > DIRECT_MAP_SIZE)
    return nullptr;
  if (Size > PageSize)
    return allocateLarge(Size);
  if (Size > MaxSmall) {
    uint64_t Page = memory::allocatePage();
    if (!Page)
      return nullptr;
    countPage(PageSize);
    return memory::direct(Page);
  }
  unsigned Class = classFor(Size);
  void *Block = allocateSmall(Class);
  return Block ? memset(Block, 0, Sizes[Class]) : nullptr;
}

void free(void *Memory) {
  auto Address = reinterpret_cast<uint64_t>(Memory);
  if (!Address)
    return;
  if (Address >= HEAP_AREA)
    return freeLarge(Address);
  if (Address % PageSize)
    return freeSmall(Address);
  countPage(-PageSize);
  memory::freePage(memory::physical(Memory));
}

size_t usedBytes() { return __atomic_load_n(&Used, __ATOMIC_RELAXED); }

} // namespace heap
