// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/regular_file.h"
#include "lib/error.h"
#include "lib/string.h"
#include "memory/memory.h"
#include "user/vm.h"

namespace {
constexpr uint64_t PageSize = 4096;

uint64_t min(uint64_t A, uint64_t B) { return A < B ? A : B; }
} // namespace

int64_t RegularFile::readAt(uint64_t Offset, void *To, size_t Size) {
  MutexGuard Guard(Lock);
  if (Offset >= FileSize)
    return 0;
  Size = min(Size, FileSize - Offset);
  auto *Out = static_cast<char *>(To);
  if (!Pages.numPages()) {
    readInitial(Offset, Out, Size);
    return Size;
  }
  for (size_t Done = 0, N; Done != Size; Done += N) {
    uint64_t At = Offset + Done;
    N = min(Size - Done, PageSize - At % PageSize);
    if (uint64_t Page = Pages.find(At / PageSize))
      memcpy(Out + Done,
             static_cast<char *>(memory::direct(Page)) + At % PageSize, N);
    else
      readInitial(At, Out + Done, N);
  }
  return Size;
}

void RegularFile::readInitial(uint64_t Offset, char *To, size_t Size) {
  size_t N = Offset < InitialSize ? min(Size, InitialSize - Offset) : 0;
  if (N)
    memcpy(To, Initial + Offset, N);
  memset(To + N, 0, Size - N);
}

// Null: no memory.
char *RegularFile::writablePage(uint64_t Index) {
  uint64_t Page = Pages.find(Index);
  if (Page)
    return static_cast<char *>(memory::direct(Page));
  if (!(Page = Pages.make(Index)))
    return nullptr;
  auto *Bytes = static_cast<char *>(memory::direct(Page));
  if (Index * PageSize < InitialSize)
    readInitial(Index * PageSize, Bytes, PageSize);
  return Bytes;
}

// A mapping may have written behind the end: that must not come to light.
void RegularFile::setSize(uint64_t Size) {
  uint64_t Tail = FileSize % PageSize;
  if (Size > FileSize && Tail)
    if (uint64_t Page = Pages.find(FileSize / PageSize))
      memset(static_cast<char *>(memory::direct(Page)) + Tail, 0,
             PageSize - Tail);
  __atomic_store_n(&FileSize, Size, __ATOMIC_RELEASE);
}

int64_t RegularFile::writeLocked(uint64_t Offset, const void *From,
                                 size_t Size) {
  if (!Size)
    return 0;
  if (Offset >= MaxSize)
    return -EFBIG;
  Size = min(Size, MaxSize - Offset);
  if (Offset > FileSize)
    setSize(Offset);
  size_t Done = 0;
  for (size_t N; Done != Size; Done += N) {
    uint64_t At = Offset + Done;
    N = min(Size - Done, PageSize - At % PageSize);
    char *Page = writablePage(At / PageSize);
    if (!Page)
      break;
    memcpy(Page + At % PageSize, static_cast<const char *>(From) + Done, N);
  }
  if (Offset + Done > FileSize)
    __atomic_store_n(&FileSize, Offset + Done, __ATOMIC_RELEASE);
  if (!Done)
    return -ENOSPC;
  Info.Modified = Info.Changed = file::now();
  return Done;
}

int64_t RegularFile::writeAt(uint64_t Offset, const void *From, size_t Size) {
  MutexGuard Change(ChangeLock);
  MutexGuard Guard(Lock);
  return writeLocked(Offset, From, Size);
}

int64_t RegularFile::append(const void *From, size_t Size, uint64_t &Position) {
  MutexGuard Change(ChangeLock);
  MutexGuard Guard(Lock);
  int64_t N = writeLocked(FileSize, From, Size);
  Position = FileSize;
  return N;
}

int64_t RegularFile::truncate(uint64_t Size) {
  if (Size > MaxSize)
    return -EFBIG;
  MutexGuard Change(ChangeLock);
  uint64_t First = (Size + PageSize - 1) / PageSize;
  bool HasMappings;
  {
    MutexGuard Guard(Lock);
    HasMappings = IsShared && Size < FileSize;
    setSize(Size); // from here on, sharedPage() gives no page behind
  }
  if (HasMappings)
    vm::forgetFile(*this, First * PageSize);
  MutexGuard Guard(Lock);
  if (InitialSize > Size)
    InitialSize = Size;
  Pages.truncate(First);
  if (uint64_t Page = Size % PageSize ? Pages.find(Size / PageSize) : 0)
    memset(static_cast<char *>(memory::direct(Page)) + Size % PageSize, 0,
           PageSize - Size % PageSize);
  Info.Modified = Info.Changed = file::now();
  return 0;
}

int64_t RegularFile::reserve(uint64_t Offset, uint64_t Size) {
  if (Offset > MaxSize || Size > MaxSize - Offset)
    return -EFBIG;
  MutexGuard Change(ChangeLock);
  MutexGuard Guard(Lock);
  for (uint64_t I = Offset / PageSize; I * PageSize < Offset + Size; ++I)
    if (!writablePage(I))
      return -ENOSPC;
  return 0;
}

uint64_t RegularFile::sharedPage(uint64_t Offset) {
  MutexGuard Guard(Lock);
  if (Offset >= FileSize || !writablePage(Offset / PageSize))
    return 0;
  IsShared = true;
  return Pages.find(Offset / PageSize);
}

void RegularFile::status(file::Status &S) {
  S = Info;
  MutexGuard Guard(Lock);
  S.Size = FileSize;
  // Files of the initrd take memory as well.
  uint64_t InInitial = (InitialSize + PageSize - 1) / PageSize;
  S.NumPages = Pages.numPages() > InInitial ? Pages.numPages() : InInitial;
}
