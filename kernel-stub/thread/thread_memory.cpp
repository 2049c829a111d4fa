// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "thread/thread_memory.h"
#include "cpu/config.h"
#include "cpu/cpu.h"
#include "cpu/extended_state.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "memory/memory.h"
#include "memory/paging.h"
#include "tls/tls_guard.h"

namespace thread_memory {

const uint64_t RoomBelowBlock = mode::LoaderSharesBlock ? 0x20000 : 0;

namespace {

using paging::PageSize;

// In a window: a guard page and the stack, then Thread and extended state, then
// the TLS block.
constexpr uint64_t WindowSize = 0x80000;
constexpr uint64_t StateOffset = 0x10000;
constexpr uint64_t TlsOffset = 0x40000;
static_assert(TlsOffset + MaxBlock < WindowSize);
// After the Thread; what XSAVE wants.
constexpr uint64_t ExtendedOffset = (sizeof(Thread) + 63) & ~63ull;

constexpr unsigned MaxKept = 64;

cpu::Lock Lock; // for all below
Thread *Kept;   // of ended threads, mapped
unsigned NumKept, NumInUse;
// Windows that are not mapped: these, and all from NumUsed on.
uint16_t Unmapped[thread::MaxThreads];
unsigned NumUnmapped, NumUsed;

uint64_t windowOf(const Thread &T) {
  return reinterpret_cast<uint64_t>(&T) & -WindowSize;
}

uint64_t pageUp(uint64_t N) { return (N + PageSize - 1) & -PageSize; }

struct Range {
  uint64_t Start, Size;
};
struct Ranges {
  Range Parts[3];
  explicit Ranges(uint64_t Window)
      : Parts{{Window + PageSize, KSTACK_SIZE - PageSize},
              {Window + StateOffset,
               pageUp(ExtendedOffset + extended_state::size())},
              {Window + TlsOffset - tls_guard::margin(),
               pageUp(RoomBelowBlock + kernel_tls::size()) +
                   2 * tls_guard::margin()}} {}
};

bool mapRange(Range R) {
  for (uint64_t A = R.Start; A < R.Start + R.Size; A += PageSize) {
    uint64_t Page = memory::allocatePage();
    if (!Page)
      return false;
    if (!paging::map(A, Page, paging::Writable | paging::NoExecute)) {
      memory::freePage(Page);
      return false;
    }
  }
  return true;
}

void unmapWindow(uint64_t Window) {
  paging::unmapRange(Window, Window + WindowSize, memory::freePage);
  cpu::LockGuard Guard(Lock);
  Unmapped[NumUnmapped++] = (Window - THREAD_AREA) / WindowSize;
}

uint64_t extensionOf(const Thread &T) {
  return reinterpret_cast<uint64_t>(block(T)) + pageUp(kernel_tls::size());
}

void unmapExtension(Thread &T) {
  uint64_t Start = extensionOf(T);
  paging::unmapRange(Start, Start + T.ExtensionSize, memory::freePage);
}

Thread *takeKept() {
  cpu::LockGuard Guard(Lock);
  Thread *T = Kept;
  if (T) {
    Kept = T->Next;
    --NumKept;
  }
  return T;
}

Thread *mapWindow() {
  uint64_t Index;
  {
    cpu::LockGuard Guard(Lock);
    if (NumUnmapped)
      Index = Unmapped[--NumUnmapped];
    else if (NumUsed != thread::MaxThreads)
      Index = NumUsed++;
    else
      return nullptr;
  }
  uint64_t Window = THREAD_AREA + Index * WindowSize;
  for (Range R : Ranges(Window).Parts)
    if (!mapRange(R)) {
      unmapWindow(Window);
      return nullptr;
    }
  return reinterpret_cast<Thread *>(Window + StateOffset);
}

} // namespace

Thread *allocate() {
  Thread *T = takeKept();
  if (T)
    memset(reinterpret_cast<void *>(windowOf(*T) + TlsOffset), 0,
           RoomBelowBlock);
  else if (!(T = mapWindow()))
    return nullptr;
  new (T) Thread();
  T->StackTop = windowOf(*T) + KSTACK_SIZE;
  T->ExtendedState = reinterpret_cast<char *>(T) + ExtendedOffset;
  __atomic_add_fetch(&NumInUse, 1, __ATOMIC_RELAXED);
  return T;
}

void free(Thread &T) {
  __atomic_sub_fetch(&NumInUse, 1, __ATOMIC_RELAXED);
  if (T.ExtensionSize)
    unmapExtension(T);
  {
    cpu::LockGuard Guard(Lock);
    if (NumKept != MaxKept) {
      T.Next = Kept;
      Kept = &T;
      ++NumKept;
      return;
    }
  }
  unmapWindow(windowOf(T));
}

bool extend(Thread &T, size_t Size) {
  Range R = {extensionOf(T), pageUp(Size) - pageUp(kernel_tls::size())};
  T.ExtensionSize = R.Size;
  return mapRange(R);
}

bool isThread(const Thread *T) {
  uint64_t Offset = reinterpret_cast<uint64_t>(T) - THREAD_AREA;
  return Offset < thread::MaxThreads * WindowSize &&
         Offset % WindowSize == StateOffset;
}

const Thread *threadAt(uint64_t Address) {
  auto *T =
      reinterpret_cast<const Thread *>((Address & -WindowSize) + StateOffset);
  return isThread(T) ? T : nullptr;
}

void *block(const Thread &T) {
  return reinterpret_cast<void *>(windowOf(T) + TlsOffset + RoomBelowBlock);
}

size_t bytesPerThread() {
  size_t N = 0;
  for (Range R : Ranges(0).Parts)
    N += R.Size;
  return N;
}

size_t numInUse() { return __atomic_load_n(&NumInUse, __ATOMIC_RELAXED); }
size_t numKept() { return __atomic_load_n(&NumKept, __ATOMIC_RELAXED); }

} // namespace thread_memory
