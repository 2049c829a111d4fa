// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "user/vm.h"
#include "lib/error.h"
#include "memory/heap.h"
#include "memory/memory.h"
#include "memory/paging.h"
#include "thread/mutex.h"
#include "user/pager.h"
#include "user/regions.h"
#include "user/user_pages.h"

namespace vm {
namespace {

using paging::PageSize;

struct Region : Range, Mapping {};

Mutex AddressSpace;
// What follows is protected by it.
RangeTree Tree;
unsigned NumRegions;
uint64_t HeapStart, HeapEnd; // HeapEnd: not rounded
uint64_t StackTop;

uint64_t pageDown(uint64_t N) { return N & -PageSize; }
uint64_t pageUp(uint64_t N) { return pageDown(N + PageSize - 1); }
uint64_t min(uint64_t A, uint64_t B) { return A < B ? A : B; }
uint64_t max(uint64_t A, uint64_t B) { return A > B ? A : B; }

bool isValid(uint64_t Start, uint64_t Size) {
  return Size && Start >= Low && Start < High && Size <= High - Start;
}

Region *regionAt(uint64_t Address) {
  return static_cast<Region *>(Tree.at(Address));
}
// The one that holds Address, or null.
Region *regionOf(uint64_t Address) {
  Region *R = regionAt(Address);
  return R && R->Start <= Address ? R : nullptr;
}

// Calls Do with each region that meets [Start, End), in order, while it returns
// true. Do may remove the region. False: there is a hole, or Do returned false.
template <typename Function>
bool forEach(uint64_t Start, uint64_t End, Function Do) {
  uint64_t Covered = Start;
  for (Region *R; Covered < End && (R = regionAt(Covered)) && R->Start < End;) {
    bool Hole = R->Start > Covered;
    Covered = R->End;
    if (Hole || !Do(*R))
      return false;
  }
  return Covered >= End;
}
// The same over holes.
template <typename Function>
void forEachOver(uint64_t Start, uint64_t End, Function Do) {
  for (Region *R; Start < End && (R = regionAt(Start)) && R->Start < End;) {
    Start = R->End;
    Do(*R);
  }
}

// Adds a region where there is none. It takes a reference to the file.
bool add(uint64_t Start, uint64_t End, const Mapping &M) {
  Region *R = NumRegions < MaxRegions ? heap::make<Region>() : nullptr;
  if (!R)
    return fail(ENOMEM);
  static_cast<Mapping &>(*R) = M;
  R->Start = Start;
  R->End = End;
  if (R->File)
    R->File->ref();
  Tree.insert(*R);
  ++NumRegions;
  return true;
}

// Without its pages.
void drop(Region &R) {
  Tree.remove(R);
  --NumRegions;
  if (R.File)
    R.File->unref();
  heap::destroy(&R);
}

// Sees to it that no region reaches across Address.
bool splitAt(uint64_t Address) {
  Region *R = regionOf(Address);
  if (!R || R->Start == Address)
    return true;
  uint64_t Start = R->Start, End = R->End;
  Mapping Upper = *R;
  Upper.FileOffset += Address - Start;
  Tree.resize(*R, Start, Address);
  if (add(Address, End, Upper))
    return true;
  Tree.resize(*R, Start, End);
  return false;
}

bool splitAround(uint64_t Start, uint64_t End) {
  return splitAt(Start) && splitAt(End);
}

bool areOne(const Region &A, const Region &B) {
  return A.End == B.Start && A.Protection == B.Protection &&
         A.Shared == B.Shared && A.NeverWritable == B.NeverWritable &&
         A.NoReserve == B.NoReserve && A.GrowsDown == B.GrowsDown &&
         A.File == B.File &&
         (!A.File || A.FileOffset + (A.End - A.Start) == B.FileOffset);
}

// Joins what became alike at and between two addresses, so that a program that
// maps or protects piece by piece does not run out of regions.
void joinAround(uint64_t Start, uint64_t End) {
  Region *R = static_cast<Region *>(Tree.before(Start));
  if (!R && !(R = regionAt(Start)))
    return;
  while (R->Start < End) {
    Region *Next = static_cast<Region *>(Tree.next(*R));
    if (!Next)
      return;
    if (!areOne(*R, *Next)) {
      R = Next;
      continue;
    }
    uint64_t NewEnd = Next->End;
    drop(*Next);
    Tree.resize(*R, R->Start, NewEnd);
  }
}

// After splitAround.
void removeRange(uint64_t Start, uint64_t End) {
  forEachOver(Start, End, [](Region &R) {
    user_pages::remove(R.Start, R.End);
    drop(R);
  });
}

// Whether more writable memory of this kind may be promised: see vm.h.
bool mayCommit(uint64_t Size, const Mapping &M) {
  return !(M.Protection & Write) || M.NoReserve || (M.File && M.Shared) ||
         Size / PageSize <= user_pages::available() || fail(ENOMEM);
}

// Replaces what is there.
bool mapLocked(uint64_t Start, uint64_t Size, const Mapping &M) {
  uint64_t End = Start + Size;
  if (!mayCommit(Size, M) || !splitAround(Start, End))
    return false;
  removeRange(Start, End);
  if (!add(Start, End, M))
    return false;
  joinAround(Start, End);
  return true;
}

uint64_t findFree(uint64_t Size, uint64_t Top) {
  uint64_t Start = Tree.findFree(Size, Low, Top);
  if (!Start)
    fail(ENOMEM);
  return Start;
}

// What a page is filled with. Returns its physical address.
uint64_t newPage(const Region &R, uint64_t Address, bool &Borrowed,
                 Fault &Result) {
  Borrowed = false;
  Result = Fault::NoMemory;
  if (!R.File)
    return user_pages::allocate();
  uint64_t Offset = R.FileOffset + (Address - R.Start);
  if (Offset >= R.File->size()) {
    Result = Fault::NoFile;
    return 0;
  }
  if (R.Shared) {
    uint64_t Page = R.File->sharedPage(Offset);
    // Files that cannot change have no pages to share: a copy is as good.
    if (Page || !R.NeverWritable) {
      Borrowed = true;
      return Page;
    }
  }
  uint64_t Page = user_pages::allocate();
  if (Page && R.File->readAt(Offset, memory::direct(Page), PageSize) < 0) {
    memory::freePage(Page);
    Result = Fault::NoFile;
    return 0;
  }
  return Page;
}

// Wanted: one of Protection.
Fault touch(uint64_t Address, uint32_t Wanted) {
  Region *R = regionOf(Address);
  if (!R)
    return Fault::NotMapped;
  // As on Linux for x86, what is writable or executable is readable.
  if (Wanted == Read ? !R->Protection : !(R->Protection & Wanted))
    return Fault::NotAllowed;
  Address = pageDown(Address);
  if (user_pages::refresh(Address, R->Protection))
    return Fault::Resolved;
  bool Borrowed;
  Fault Result;
  uint64_t Page = newPage(*R, Address, Borrowed, Result);
  if (!Page)
    return Result;
  if (user_pages::add(Address, Page, Borrowed, R->Protection))
    return Fault::Resolved;
  if (!Borrowed)
    memory::freePage(Page);
  return Fault::NoMemory;
}

} // namespace

bool map(uint64_t Start, uint64_t Size, const Mapping &M) {
  if (!isValid(Start, Size))
    return fail(ENOMEM);
  MutexGuard Guard(AddressSpace);
  return mapLocked(Start, Size, M);
}

bool mapNew(uint64_t Start, uint64_t Size, const Mapping &M) {
  if (!isValid(Start, Size))
    return fail(ENOMEM);
  MutexGuard Guard(AddressSpace);
  if (!Tree.isFree(Start, Start + Size))
    return fail(EEXIST);
  return mapLocked(Start, Size, M);
}

uint64_t mapAnywhere(uint64_t Size, const Mapping &M, uint64_t Top) {
  MutexGuard Guard(AddressSpace);
  uint64_t Start = findFree(Size, Top);
  return Start && mapLocked(Start, Size, M) ? Start : 0;
}

bool unmap(uint64_t Start, uint64_t Size) {
  if (!isValid(Start, Size))
    return fail(EINVAL);
  MutexGuard Guard(AddressSpace);
  if (!splitAround(Start, Start + Size))
    return false;
  removeRange(Start, Start + Size);
  return true;
}

bool protect(uint64_t Start, uint64_t Size, uint32_t Protection,
             bool FromRegionStart) {
  if (!isValid(Start, Size))
    return fail(ENOMEM);
  MutexGuard Guard(AddressSpace);
  uint64_t End = Start + Size;
  if (FromRegionStart) {
    Region *R = regionOf(Start);
    if (!R)
      return fail(ENOMEM);
    if (!R->GrowsDown)
      return fail(EINVAL);
    Start = R->Start;
  }
  if (!splitAround(Start, End))
    return false;
  // As on Linux, what comes before a region that refuses has changed.
  ErrorNumber Error = ENOMEM;
  bool Ok = forEach(Start, End, [&](Region &R) {
    Mapping New = R;
    New.Protection = Protection;
    if (Protection & Write) {
      if (R.NeverWritable) {
        Error = EACCES;
        return false;
      }
      uint64_t There = user_pages::count(R.Start, R.End) * PageSize;
      if (!(R.Protection & Write) && !mayCommit(R.End - R.Start - There, New))
        return false;
    }
    R.Protection = Protection;
    user_pages::protect(R.Start, R.End, Protection);
    return true;
  });
  joinAround(Start, End);
  return Ok || fail(Error);
}

// mremap's order of tries: less, more in place, elsewhere.
static uint64_t resizeLocked(uint64_t Start, uint64_t OldSize, uint64_t NewSize,
                             const Move &M) {
  Region *R = regionOf(Start);
  if (!R || OldSize > R->End - Start)
    return fail(EFAULT);
  uint64_t End = Start + OldSize;
  Mapping New = *R;
  New.FileOffset += Start - R->Start;
  if (M.KeepOld && (R->File || R->Shared))
    return fail(EINVAL);
  if (NewSize > OldSize && !mayCommit(NewSize - OldSize, New))
    return 0;

  uint64_t Target = M.Target;
  if (!Target && !M.KeepOld) {
    if (NewSize <= OldSize) {
      if (NewSize < OldSize) {
        if (!splitAround(Start + NewSize, End))
          return 0;
        removeRange(Start + NewSize, End);
      }
      return Start;
    }
    if (isValid(Start, NewSize) && R->End == End &&
        Tree.isFree(End, Start + NewSize)) {
      New.FileOffset += OldSize;
      if (!add(End, Start + NewSize, New))
        return 0;
      joinAround(End, Start + NewSize);
      return Start;
    }
  }
  if (!M.MayMove)
    return fail(ENOMEM);
  if (Target) {
    if (!splitAround(Target, Target + NewSize))
      return 0;
    removeRange(Target, Target + NewSize);
  } else if (!(Target = findFree(NewSize, MmapTop))) {
    return 0;
  }
  // The old range is a region, or more, of its own from here on.
  if (!splitAround(Start, End) || !add(Target, Target + NewSize, New))
    return 0;
  if (!user_pages::move(Start, Target, min(OldSize, NewSize))) {
    removeRange(Target, Target + NewSize);
    return fail(ENOMEM);
  }
  if (!M.KeepOld)
    removeRange(Start, End);
  joinAround(Target, Target + NewSize);
  return Target;
}

uint64_t resize(uint64_t Start, uint64_t OldSize, uint64_t NewSize,
                const Move &M) {
  if (!isValid(Start, OldSize))
    return fail(EFAULT);
  // Also ranges that overlap.
  if (M.Target && (!isValid(M.Target, NewSize) ||
                   (M.Target < Start + OldSize && Start < M.Target + NewSize)))
    return fail(EINVAL);
  MutexGuard Guard(AddressSpace);
  return resizeLocked(Start, OldSize, NewSize, M);
}

bool discard(uint64_t Start, uint64_t Size, bool OnlyAnonymous) {
  if (!isValid(Start, Size))
    return fail(ENOMEM);
  MutexGuard Guard(AddressSpace);
  uint64_t End = Start + Size;
  bool Refused = false;
  uint64_t Covered = 0;
  forEachOver(Start, End, [&](Region &R) {
    uint64_t From = max(R.Start, Start), To = min(R.End, End);
    Covered += To - From;
    if (OnlyAnonymous && (R.File || R.Shared))
      Refused = true;
    else if (R.File || !R.Shared) // no one else keeps shared zeros
      user_pages::remove(From, To);
  });
  return Refused ? fail(EINVAL) : Covered == Size || fail(ENOMEM);
}

bool populate(uint64_t Start, uint64_t Size, bool ForWriting) {
  // One page at a time, so that others get at the address space in between.
  for (uint64_t A = Start; A < Start + Size; A += PageSize) {
    MutexGuard Guard(AddressSpace);
    Fault F = touch(A, ForWriting ? Write : Read);
    if (F != Fault::Resolved)
      return fail(F == Fault::NotAllowed ? EINVAL
                  : F == Fault::NoFile   ? EFAULT
                                         : ENOMEM);
  }
  return true;
}

void prefault(uint64_t Start, uint64_t Size) {
  populate(Start, Size, false); // what does not work now says so when touched
}

bool residence(uint64_t Start, uint64_t Size, uint8_t *Present) {
  if (!isValid(Start, Size))
    return fail(ENOMEM);
  MutexGuard Guard(AddressSpace);
  if (!forEach(Start, Start + Size, [](Region &) { return true; }))
    return fail(ENOMEM);
  for (uint64_t I = 0; I != Size / PageSize; ++I)
    Present[I] = user_pages::isPresent(Start + I * PageSize);
  return true;
}

bool isMapped(uint64_t Start, uint64_t Size) {
  if (!isValid(Start, Size))
    return fail(ENOMEM);
  MutexGuard Guard(AddressSpace);
  return forEach(Start, Start + Size, [](Region &) { return true; }) ||
         fail(ENOMEM);
}

void setHeap(uint64_t Start) {
  MutexGuard Guard(AddressSpace);
  HeapStart = HeapEnd = Start;
}

uint64_t setHeapEnd(uint64_t Wanted) {
  MutexGuard Guard(AddressSpace);
  if (Wanted < HeapStart || Wanted >= High)
    return HeapEnd;
  uint64_t Old = pageUp(HeapEnd), New = pageUp(Wanted);
  constexpr Mapping M = {.Protection = Read | Write};
  if (New > Old && (!isValid(Old, New - Old) || !Tree.isFree(Old, New) ||
                    !mapLocked(Old, New - Old, M)))
    return HeapEnd;
  if (New < Old) {
    if (!splitAround(New, Old))
      return HeapEnd;
    removeRange(New, Old);
  }
  return HeapEnd = Wanted;
}

void setStack(uint64_t Top) {
  MutexGuard Guard(AddressSpace);
  StackTop = Top;
}

bool find(uint64_t Address, Info &I) {
  MutexGuard Guard(AddressSpace);
  Region *R = regionAt(Address);
  if (!R)
    return false;
  static_cast<Mapping &>(I) = *R;
  if (I.File)
    I.File->ref();
  I.Start = R->Start;
  I.End = R->End;
  bool IsHeap = R->Start < pageUp(HeapEnd) && R->End > HeapStart;
  bool IsStack = R->Start < StackTop && R->End >= StackTop;
  I.Name = R->File ? "" : IsHeap ? "[heap]" : IsStack ? "[stack]" : "";
  return true;
}

Usage usage() {
  MutexGuard Guard(AddressSpace);
  Usage U = {};
  forEachOver(Low, High, [&](Region &R) {
    U.Mapped += R.End - R.Start;
    U.ResidentPages += user_pages::count(R.Start, R.End);
  });
  return U;
}

void forgetFile(const Pager &File, uint64_t Offset) {
  MutexGuard Guard(AddressSpace);
  Offset = pageUp(Offset);
  forEachOver(Low, High, [&](Region &R) {
    if (R.File != &File || Offset >= R.FileOffset + (R.End - R.Start))
      return;
    uint64_t Kept = max(Offset, R.FileOffset) - R.FileOffset;
    user_pages::remove(R.Start + Kept, R.End);
  });
}

void clear() {
  MutexGuard Guard(AddressSpace);
  while (Region *R = regionAt(0)) {
    user_pages::remove(R->Start, R->End);
    drop(*R);
  }
  paging::freeLowerHalf(); // the tables
  HeapStart = HeapEnd = StackTop = 0;
}

Fault handleFault(uint64_t Address, uint64_t Error) {
  enum : uint64_t { ErrorWrite = 2, ErrorFetch = 16 };
  MutexGuard Guard(AddressSpace);
  return touch(Address, Error & ErrorFetch   ? Exec
                        : Error & ErrorWrite ? Write
                                             : Read);
}

} // namespace vm
