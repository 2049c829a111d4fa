// Powers of two, cut from pages and kept in a list for each size; larger blocks
// are mapped, each at addresses of its own.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "heap.h"
#include "config.h"
#include "cpu.h"
#include "memory.h"
#include "paging.h"
#include "string.h"

namespace heap {
namespace {

using paging::PageSize;

// In front of each block. Size: all of it, this included; a power of two up to
// MaxSmall, or a multiple of the page size.
struct alignas(16) Header {
  size_t Size;
  Header *Next; // while it is free
};

constexpr unsigned MinShift = 5, MaxShift = 11;
constexpr size_t MaxSmall = 1 << MaxShift;

cpu::Lock HeapLock;
Header *FreeLists[MaxShift + 1];
// Addresses of large blocks are not used twice: there are enough.
uint64_t NextLarge = HEAP_AREA;
size_t Used;

unsigned shiftFor(size_t Size) {
  unsigned Shift = MinShift;
  while (size_t(1) << Shift < Size)
    ++Shift;
  return Shift;
}

Header *allocateSmall(unsigned Shift) {
  cpu::LockGuard Guard(HeapLock);
  Header *&List = FreeLists[Shift];
  if (!List) {
    uint64_t Page = memory::allocatePage();
    if (!Page)
      return nullptr;
    auto *Start = static_cast<char *>(memory::direct(Page));
    for (char *At = Start; At != Start + PageSize; At += size_t(1) << Shift) {
      auto *H = reinterpret_cast<Header *>(At);
      H->Size = size_t(1) << Shift;
      H->Next = List;
      List = H;
    }
  }
  Header *H = List;
  List = H->Next;
  Used += H->Size - sizeof(Header);
  return H;
}

void unmapPages(uint64_t Start, uint64_t End) {
  paging::unmapRange(Start, End, memory::freePage);
}

Header *allocateLarge(size_t Size) {
  uint64_t Start;
  {
    cpu::LockGuard Guard(HeapLock);
    Start = NextLarge;
    NextLarge += Size + PageSize; // and a page that is never mapped
  }
  for (uint64_t A = Start; A != Start + Size; A += PageSize) {
    uint64_t Page = memory::allocatePage();
    if (!Page || !paging::map(A, Page, paging::Writable | paging::NoExecute)) {
      if (Page)
        memory::freePage(Page);
      unmapPages(Start, A);
      return nullptr;
    }
  }
  auto *H = reinterpret_cast<Header *>(Start);
  H->Size = Size;
  cpu::LockGuard Guard(HeapLock);
  Used += Size - sizeof(Header);
  return H;
}

} // namespace

void *allocate(size_t Size) {
  if (Size > DIRECT_MAP_SIZE)
    return nullptr;
  Size += sizeof(Header);
  if (Size > MaxSmall) {
    Header *H = allocateLarge((Size + PageSize - 1) & ~(PageSize - 1));
    return H ? H + 1 : nullptr;
  }
  Header *H = allocateSmall(shiftFor(Size));
  return H ? memset(H + 1, 0, H->Size - sizeof(Header)) : nullptr;
}

void free(void *Memory) {
  if (!Memory)
    return;
  Header *H = static_cast<Header *>(Memory) - 1;
  size_t Size = H->Size;
  {
    cpu::LockGuard Guard(HeapLock);
    Used -= Size - sizeof(Header);
    if (Size <= MaxSmall) {
      Header *&List = FreeLists[shiftFor(Size)];
      H->Next = List;
      List = H;
      return;
    }
  }
  auto Start = reinterpret_cast<uint64_t>(H);
  unmapPages(Start, Start + Size);
}

size_t usedBytes() { return Used; }

} // namespace heap
