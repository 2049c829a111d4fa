// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "vm.h"
#include "cpu.h"
#include "error.h"
#include "memory.h"
#include "paging.h"

namespace vm {
namespace {

using paging::PageSize;

struct Region {
  uint64_t Start, End;
  uint32_t Protection;
  Region *Next; // ascending, not overlapping
};

cpu::Lock VmLock;
Region *Regions;
Region *FreeRegions;

Region *newRegion(uint64_t Start, uint64_t End, uint32_t Protection,
                  Region *Next) {
  if (!FreeRegions) {
    uint64_t Page = memory::allocatePage();
    if (!Page)
      return nullptr;
    auto *R = static_cast<Region *>(memory::direct(Page));
    for (unsigned I = 0; I != PageSize / sizeof(Region); ++I, ++R) {
      R->Next = FreeRegions;
      FreeRegions = R;
    }
  }
  Region *R = FreeRegions;
  FreeRegions = R->Next;
  *R = {Start, End, Protection, Next};
  return R;
}

void deleteRegion(Region *R) {
  R->Next = FreeRegions;
  FreeRegions = R;
}

// Sees to it that no region reaches across Address.
bool splitAt(uint64_t Address) {
  for (Region *R = Regions; R && R->Start < Address; R = R->Next)
    if (Address < R->End) {
      Region *Upper = newRegion(Address, R->End, R->Protection, R->Next);
      if (!Upper)
        return false;
      R->End = Address;
      R->Next = Upper;
      return true;
    }
  return true;
}

bool splitAround(uint64_t Start, uint64_t End) {
  return splitAt(Start) && splitAt(End) ? true : fail(ENOMEM);
}

// The link to the first region that ends above Address.
Region **linkAt(uint64_t Address) {
  Region **Link = &Regions;
  while (*Link && (*Link)->End <= Address)
    Link = &(*Link)->Next;
  return Link;
}

void freePages(uint64_t Start, uint64_t End) {
  for (uint64_t A = Start; (A = paging::findUsed(A, End)) != End; A += PageSize)
    memory::freePage(paging::unmap(A));
}

// After splitAround.
void removeRange(uint64_t Start, uint64_t End) {
  Region **Link = linkAt(Start);
  while (*Link && (*Link)->Start < End) {
    Region *R = *Link;
    freePages(R->Start, R->End);
    *Link = R->Next;
    deleteRegion(R);
  }
}

uint64_t pageFlags(uint32_t Protection) {
  return (Protection & Write ? paging::Writable : 0) |
         (Protection & Exec ? 0 : paging::NoExecute) | paging::User;
}

bool isValid(uint64_t Start, uint64_t Size) {
  return Size && Start >= Low && Start < High && Size <= High - Start;
}

// The highest free range below MmapTop, or 0.
uint64_t findFree(uint64_t Size) {
  uint64_t Best = 0, GapStart = Low;
  for (Region *R = Regions;; R = R->Next) {
    uint64_t GapEnd = R && R->Start < MmapTop ? R->Start : MmapTop;
    if (GapEnd > GapStart && GapEnd - GapStart >= Size)
      Best = GapEnd - Size;
    if (!R || R->End >= MmapTop)
      return Best;
    GapStart = R->End;
  }
}

// Replaces what is there. A search for room and this are one critical section,
// or two threads are given the same range.
bool mapLocked(uint64_t Start, uint64_t Size, uint32_t Protection) {
  if (!splitAround(Start, Start + Size))
    return false;
  removeRange(Start, Start + Size);
  Region **Link = linkAt(Start);
  Region *R = newRegion(Start, Start + Size, Protection, *Link);
  if (!R)
    return fail(ENOMEM);
  *Link = R;
  return true;
}

} // namespace

bool map(uint64_t Start, uint64_t Size, uint32_t Protection) {
  if (!isValid(Start, Size))
    return fail(ENOMEM);
  cpu::LockGuard Guard(VmLock);
  return mapLocked(Start, Size, Protection);
}

bool mapNew(uint64_t Start, uint64_t Size, uint32_t Protection) {
  if (!isValid(Start, Size))
    return fail(ENOMEM);
  cpu::LockGuard Guard(VmLock);
  Region *R = *linkAt(Start);
  if (R && R->Start < Start + Size)
    return fail(EEXIST);
  return mapLocked(Start, Size, Protection);
}

uint64_t mapAnywhere(uint64_t Size, uint32_t Protection) {
  cpu::LockGuard Guard(VmLock);
  uint64_t Start = findFree(Size);
  if (!Start) {
    fail(ENOMEM);
    return 0;
  }
  return mapLocked(Start, Size, Protection) ? Start : 0;
}

bool unmap(uint64_t Start, uint64_t Size) {
  if (!isValid(Start, Size))
    return fail(EINVAL);
  cpu::LockGuard Guard(VmLock);
  if (!splitAround(Start, Start + Size))
    return false;
  removeRange(Start, Start + Size);
  return true;
}

bool protect(uint64_t Start, uint64_t Size, uint32_t Protection) {
  if (!isValid(Start, Size))
    return fail(ENOMEM);
  cpu::LockGuard Guard(VmLock);
  if (!splitAround(Start, Start + Size))
    return false;
  uint64_t Covered = Start;
  for (Region *R = *linkAt(Start);
       R && R->Start == Covered && Covered != Start + Size; R = R->Next) {
    R->Protection = Protection;
    for (uint64_t A = R->Start; (A = paging::findUsed(A, R->End)) != R->End;
         A += PageSize) {
      uint64_t *E = paging::entry(A, false);
      if (Protection)
        *E = (*E & paging::AddressMask) | pageFlags(Protection) |
             paging::Present;
      else
        // Not readable either: kept, but not present.
        *E &= ~static_cast<uint64_t>(paging::Present);
      cpu::invalidatePage(A);
    }
    Covered = R->End;
  }
  return Covered == Start + Size ? true : fail(ENOMEM);
}

bool discard(uint64_t Start, uint64_t Size) {
  if (!isValid(Start, Size))
    return fail(ENOMEM);
  cpu::LockGuard Guard(VmLock);
  for (Region *R = *linkAt(Start); R && R->Start < Start + Size; R = R->Next)
    freePages(R->Start < Start ? Start : R->Start,
              R->End < Start + Size ? R->End : Start + Size);
  return true;
}

void clear() {
  cpu::LockGuard Guard(VmLock);
  while (Region *R = Regions) {
    Regions = R->Next;
    deleteRegion(R);
  }
  paging::freeLowerHalf();
}

Fault handleFault(uint64_t Address, uint64_t Error) {
  enum : uint64_t { ErrorWrite = 2, ErrorFetch = 16 };
  cpu::LockGuard Guard(VmLock);
  Region *R = *linkAt(Address);
  if (!R || Address < R->Start)
    return Fault::NotMapped;
  uint32_t Wanted = Error & ErrorFetch   ? Exec
                    : Error & ErrorWrite ? Write
                                         : Read;
  // As on Linux for x86, what is writable or executable is readable.
  if (Wanted == Read ? !R->Protection : !(R->Protection & Wanted))
    return Fault::NotAllowed;

  Address &= ~(PageSize - 1);
  uint64_t *E = paging::entry(Address, true);
  if (!E)
    return Fault::NoMemory;
  uint64_t Page = *E & paging::AddressMask; // there, if it was PROT_NONE before
  if (!Page && !(Page = memory::allocatePage()))
    return Fault::NoMemory;
  *E = Page | pageFlags(R->Protection) | paging::Present;
  cpu::invalidatePage(Address);
  return Fault::Resolved;
}

} // namespace vm
