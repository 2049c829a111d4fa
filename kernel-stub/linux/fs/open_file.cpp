// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/open_file.h"
#include "lib/error.h"
#include "lib/string.h"
#include "linux/fs/directory.h"
#include "linux/fs/epoll.h"

OpenFile::~OpenFile() {
  if (!(Flags & O_PATH))
    N.closed(access());
  N.unref();
}

void OpenFile::unref() {
  if (__atomic_sub_fetch(&NumRefs, 1, __ATOMIC_ACQ_REL))
    return;
  if (__atomic_load_n(&IsWatched, __ATOMIC_ACQUIRE))
    epoll::forget(*this);
  heap::destroy(this);
}

uint32_t OpenFile::access() const {
  uint32_t F = flags();
  if (F & O_PATH)
    return 0;
  uint32_t Mode = F & O_ACCMODE;
  return (Mode != O_WRONLY ? file::Readable : 0) |
         (Mode == O_WRONLY || Mode == O_RDWR ? file::Writable : 0) |
         (F & O_APPEND ? file::Appending : 0);
}

FileTable *FileTable::make() {
  FileTable *T = heap::make<FileTable>();
  if (!T)
    return nullptr;
  T->setDirectory(*file::Root);
  for (int Fd = 0; Fd != 3; ++Fd) {
    Node *N = file::standardStream(Fd);
    OpenFile *F =
        N ? heap::make<OpenFile>(*N, Fd ? uint32_t(O_WRONLY) : 0u) : nullptr;
    if (!F || T->add(*F, false) != Fd) {
      if (N && !F)
        N->unref();
      heap::destroy(T);
      return nullptr;
    }
  }
  return T;
}

FileTable::~FileTable() {
  closeRange(0, MaxFiles, false);
  heap::free(Slots);
  if (Current)
    Current->unref();
  if (Program)
    Program->unref();
}

OpenFile *FileTable::get(int Fd) {
  MutexGuard Guard(Lock);
  if (Fd < 0 || Fd >= NumSlots || !Slots[Fd].File)
    return nullptr;
  Slots[Fd].File->ref();
  return Slots[Fd].File;
}

bool FileTable::growTo(int Size) {
  if (Size <= NumSlots)
    return true;
  int NewNum = NumSlots ? NumSlots : 16;
  while (NewNum < Size)
    NewNum *= 2;
  auto *New = static_cast<Slot *>(heap::allocate(NewNum * sizeof(Slot)));
  if (!New)
    return false;
  if (NumSlots)
    memcpy(New, Slots, NumSlots * sizeof(Slot));
  heap::free(Slots);
  Slots = New;
  NumSlots = NewNum;
  return true;
}

int FileTable::addLocked(OpenFile &F, bool CloseOnExec, int First) {
  int Fd = First > LowestFree ? First : LowestFree;
  while (Fd < NumSlots && Slots[Fd].File)
    ++Fd;
  if (Fd >= MaxFiles)
    return -EMFILE;
  if (!growTo(Fd + 1))
    return -ENOMEM;
  Slots[Fd] = {&F, CloseOnExec};
  if (First <= LowestFree)
    LowestFree = Fd + 1;
  return Fd;
}

int FileTable::add(OpenFile &F, bool CloseOnExec, int First) {
  int Fd;
  {
    MutexGuard Guard(Lock);
    Fd = addLocked(F, CloseOnExec, First);
  }
  if (Fd < 0)
    F.unref();
  return Fd;
}

int FileTable::addAt(OpenFile &F, bool CloseOnExec, int Fd) {
  OpenFile *Drop = &F;
  int Result = -EBADF;
  if (Fd >= 0 && Fd < MaxFiles) {
    MutexGuard Guard(Lock);
    if (growTo(Fd + 1)) {
      Drop = Slots[Fd].File;
      Slots[Fd] = {&F, CloseOnExec};
      Result = Fd;
    } else {
      Result = -ENOMEM;
    }
  }
  if (Drop)
    Drop->unref();
  return Result;
}

int FileTable::close(int Fd) {
  OpenFile *F;
  {
    MutexGuard Guard(Lock);
    if (Fd < 0 || Fd >= NumSlots || !Slots[Fd].File)
      return -EBADF;
    F = Slots[Fd].File;
    Slots[Fd] = {};
    if (Fd < LowestFree)
      LowestFree = Fd;
  }
  F->unref();
  return 0;
}

void FileTable::closeRange(unsigned First, unsigned Last, bool OnlyMark) {
  for (int Fd = First < MaxFiles ? First : MaxFiles;
       (Fd = next(Fd)) >= 0 && static_cast<unsigned>(Fd) <= Last; ++Fd)
    if (OnlyMark)
      setCloseOnExec(Fd, true);
    else
      close(Fd);
}

int FileTable::closeOnExec(int Fd) {
  MutexGuard Guard(Lock);
  if (Fd < 0 || Fd >= NumSlots || !Slots[Fd].File)
    return -EBADF;
  return Slots[Fd].CloseOnExec;
}

int FileTable::setCloseOnExec(int Fd, bool Value) {
  MutexGuard Guard(Lock);
  if (Fd < 0 || Fd >= NumSlots || !Slots[Fd].File)
    return -EBADF;
  Slots[Fd].CloseOnExec = Value;
  return 0;
}

int FileTable::next(int Fd) {
  MutexGuard Guard(Lock);
  for (; Fd < NumSlots; ++Fd)
    if (Slots[Fd].File)
      return Fd;
  return -1;
}

Node *FileTable::directory() {
  MutexGuard Guard(Lock);
  Current->ref();
  return Current;
}

void FileTable::setDirectory(Node &N) {
  N.ref();
  Node *Old;
  {
    MutexGuard Guard(Lock);
    Old = Current;
    Current = &N;
  }
  if (Old)
    Old->unref();
}

Node *file::nodeOf(int Fd, uint32_t &Access) {
  FileTable *Files = tableOrNull();
  OpenFile *F = Files ? Files->get(Fd) : nullptr;
  if (!F || (F->flags() & O_PATH)) {
    if (F)
      F->unref();
    return nullptr;
  }
  Access = F->access();
  F->N.ref();
  Node *N = &F->N;
  F->unref();
  return N;
}
