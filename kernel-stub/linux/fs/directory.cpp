// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/directory.h"
#include "lib/error.h"
#include "lib/string.h"
#include "linux/fs/file_memory.h"
#include "thread/mutex.h"

namespace file {
Directory *Root;
} // namespace file

namespace {

Mutex TreeLock;

uint32_t hashOf(file::Name N) { // FNV-1a
  uint32_t Hash = 2166136261;
  for (size_t I = 0; I != N.Size; ++I)
    Hash = (Hash ^ static_cast<uint8_t>(N.Text[I])) * 16777619;
  return Hash;
}

// The path of a node that has a place, from the end of Buffer on. Returns where
// it starts; cut off at the front, and Cut set, if there is no room.
char *writePath(const Node &N, char *Begin, char *End, bool &Cut) {
  Cut = false;
  if (&N == file::Root && Begin != End)
    *--End = '/';
  for (const Node *At = &N; At->Place; At = At->Place->Parent) {
    const DirectoryEntry &E = *At->Place;
    if ((Cut = static_cast<size_t>(End - Begin) < E.Size + 1u))
      break;
    End -= E.Size;
    memcpy(End, E.Text, E.Size);
    *--End = '/';
  }
  return End;
}

// What a member takes of the heap, about: entry, node, and a link's target.
uint64_t costOf(size_t NameSize, Node &Child) {
  return fileMemory::LeastPerFile + NameSize +
         (Child.type() == file::SymbolicLink ? Child.size() : 0);
}

constexpr size_t MaxPath = 1024; // of /proc/self/maps and its like

// Keeps the path of a node that is about to lose its place, if anyone may ask.
void keepPath(Node &N) {
  if (N.numRefs() == 1 || N.LostPath)
    return;
  static char Buffer[MaxPath]; // under TreeLock
  static constexpr char Suffix[] = " (deleted)";
  char *End = Buffer + MaxPath;
  bool Cut;
  char *Start = writePath(N, Buffer, End, Cut);
  size_t Size = End - Start;
  auto *Text = static_cast<char *>(heap::allocate(Size + sizeof(Suffix)));
  if (!Text)
    return;
  memcpy(Text, Start, Size);
  memcpy(Text + Size, Suffix, sizeof(Suffix));
  N.LostPath = Text;
}

} // namespace

Directory::Directory(uint32_t Permissions)
    : Node(file::DirectoryType | Permissions) {
  Info.NumLinks = 2;
}

Directory::~Directory() {
  while (DirectoryEntry *E = First) {
    First = E->Next;
    if (E->Child->Place == E)
      E->Child->Place = nullptr;
    fileMemory::refund(E->Cost);
    E->Child->unref();
    heap::free(E);
  }
  heap::free(Buckets);
}

void Directory::touch() { Info.Modified = Info.Changed = file::now(); }

DirectoryEntry *Directory::find(file::Name N, uint32_t Hash) const {
  if (!NumBuckets)
    return nullptr;
  DirectoryEntry *E = Buckets[Hash & (NumBuckets - 1)];
  while (E && (E->Hash != Hash || E->Size != N.Size ||
               memcmp(E->Text, N.Text, N.Size) != 0))
    E = E->NextInBucket;
  return E;
}

// Room for one more member, at most one a bucket on the average.
bool Directory::grow() {
  if (NumMembers < NumBuckets)
    return true;
  unsigned NewNum = NumBuckets ? NumBuckets * 2 : 4;
  auto **New = static_cast<DirectoryEntry **>(
      heap::allocate(NewNum * sizeof(DirectoryEntry *)));
  if (!New)
    return NumBuckets; // longer chains, then
  heap::free(Buckets);
  Buckets = New;
  NumBuckets = NewNum;
  for (DirectoryEntry *E = First; E; E = E->Next) {
    DirectoryEntry *&Bucket = Buckets[E->Hash & (NumBuckets - 1)];
    E->NextInBucket = Bucket;
    Bucket = E;
  }
  return true;
}

int Directory::addLocked(file::Name N, Node &Child) {
  if (N.Size > MaxNameSize)
    return -ENAMETOOLONG;
  if (Removed)
    return -ENOENT;
  uint32_t Hash = hashOf(N);
  if (find(N, Hash))
    return -EEXIST;
  uint64_t Cost = costOf(N.Size, Child);
  if (!fileMemory::charge(Cost))
    return -ENOSPC;
  auto *E = static_cast<DirectoryEntry *>(
      heap::allocate(sizeof(DirectoryEntry) + N.Size));
  if (!E || !grow()) {
    heap::free(E);
    fileMemory::refund(Cost);
    return -ENOSPC;
  }
  E->Parent = this;
  E->Child = &Child;
  Child.ref();
  E->Hash = Hash;
  E->Cost = static_cast<uint32_t>(Cost);
  E->Size = static_cast<uint8_t>(N.Size);
  memcpy(E->Text, N.Text, N.Size);
  DirectoryEntry *&Bucket = Buckets[Hash & (NumBuckets - 1)];
  E->NextInBucket = Bucket;
  Bucket = E;
  E->Cookie = ++LastCookie;
  E->Previous = Last;
  (Last ? Last->Next : First) = E;
  Last = E;
  ++NumMembers;
  if (Child.isDirectory())
    ++Info.NumLinks;
  if (!Child.Place)
    Child.Place = E;
  Child.countAsFile();
  touch();
  return 0;
}

void Directory::take(DirectoryEntry *E) {
  DirectoryEntry **Link = &Buckets[E->Hash & (NumBuckets - 1)];
  while (*Link != E)
    Link = &(*Link)->NextInBucket;
  *Link = E->NextInBucket;
  (E->Previous ? E->Previous->Next : First) = E->Next;
  (E->Next ? E->Next->Previous : Last) = E->Previous;
  --NumMembers;
  if (E->Child->isDirectory())
    --Info.NumLinks;
  if (E->Child->Place == E)
    E->Child->Place = nullptr;
  touch();
  fileMemory::refund(E->Cost);
  heap::free(E);
}

void Directory::drop(Node &Child) {
  --Child.Info.NumLinks;
  Child.Info.Changed = file::now();
}

int Directory::add(file::Name N, Node &Child) {
  MutexGuard Guard(TreeLock);
  return addLocked(N, Child);
}

int Directory::link(file::Name N, Node &Child) {
  MutexGuard Guard(TreeLock);
  int Error = addLocked(N, Child);
  if (!Error)
    ++Child.Info.NumLinks;
  return Error;
}

int Directory::replace(file::Name N, Node &Child) {
  Node *Old = nullptr;
  int Error;
  {
    MutexGuard Guard(TreeLock);
    if (DirectoryEntry *E = find(N, hashOf(N))) {
      Old = E->Child;
      take(E);
    }
    Error = addLocked(N, Child);
  }
  if (Old)
    Old->unref();
  return Error;
}

Node *Directory::lookup(file::Name N) {
  MutexGuard Guard(TreeLock);
  DirectoryEntry *E = find(N, hashOf(N));
  if (!E)
    return nullptr;
  E->Child->ref();
  return E->Child;
}

bool Directory::memberAfter(uint64_t &Cookie, file::Member &M) {
  MutexGuard Guard(TreeLock);
  DirectoryEntry *E = First;
  while (E && E->Cookie <= Cookie)
    E = E->Next;
  if (!E)
    return false;
  Cookie = E->Cookie;
  M.Inode = E->Child->Info.Inode;
  M.Type = E->Child->type();
  M.Size = E->Size;
  memcpy(M.Text, E->Text, E->Size);
  return true;
}

Node *Directory::parent() {
  MutexGuard Guard(TreeLock);
  Node *N = Place ? Place->Parent : this == file::Root ? this : nullptr;
  if (N)
    N->ref();
  return N;
}

int Directory::remove(file::Name N) {
  Node *Child;
  {
    MutexGuard Guard(TreeLock);
    DirectoryEntry *E = find(N, hashOf(N));
    if (!E)
      return -ENOENT;
    Child = E->Child;
    if (Child->isDirectory())
      return -EISDIR;
    if (Child->Place == E)
      keepPath(*Child);
    take(E);
    drop(*Child);
  }
  Child->unref();
  return 0;
}

// Whether a directory may go: -errno, or 0.
static int checkEmpty(Node &N) {
  if (!N.isDirectory())
    return -ENOTDIR;
  Directory *D = N.asDirectory();
  if (!D) // /proc and its like
    return -EBUSY;
  return D->size() ? -ENOTEMPTY : 0;
}

int Directory::removeDirectory(file::Name N) {
  Node *Child;
  {
    MutexGuard Guard(TreeLock);
    DirectoryEntry *E = find(N, hashOf(N));
    if (!E)
      return -ENOENT;
    Child = E->Child;
    if (int Error = checkEmpty(*Child))
      return Error;
    keepPath(*Child);
    take(E);
    Child->asDirectory()->Removed = true;
    Child->Info.NumLinks = 0;
  }
  Child->unref();
  return 0;
}

// Whether this is Other, or in it, at any depth.
bool Directory::isBelow(const Directory &Other) const {
  for (const Directory *D = this;; D = D->Place->Parent) {
    if (D == &Other)
      return true;
    if (!D->Place)
      return false;
  }
}

int Directory::rename(Directory &From, file::Name Old, Directory &To,
                      file::Name New, uint32_t Flags) {
  Node *Replaced = nullptr, *Moved;
  {
    MutexGuard Guard(TreeLock);
    DirectoryEntry *Source = From.find(Old, hashOf(Old));
    if (!Source)
      return -ENOENT;
    Moved = Source->Child;
    DirectoryEntry *Target = To.find(New, hashOf(New));
    if (Target && (Flags & NoReplace))
      return -EEXIST;
    if (!Target && (Flags & Exchange))
      return -ENOENT;
    if (Target && Target->Child == Moved)
      return 0;
    Directory *MovedDirectory = Moved->asDirectory();
    if (MovedDirectory && To.isBelow(*MovedDirectory))
      return -EINVAL;
    if (Moved->isDirectory() && !MovedDirectory)
      return -EBUSY;

    if (Flags & Exchange) {
      Node *Other = Target->Child;
      Directory *OtherDirectory = Other->asDirectory();
      if (Other->isDirectory() && !OtherDirectory)
        return -EBUSY;
      if (OtherDirectory && From.isBelow(*OtherDirectory))
        return -EINVAL;
      Source->Child = Other;
      Target->Child = Moved;
      Moved->Place = Target;
      Other->Place = Source;
      int Difference = !!OtherDirectory - !!MovedDirectory;
      From.Info.NumLinks += Difference;
      To.Info.NumLinks -= Difference;
      From.touch();
      To.touch();
      return 0;
    }

    if (Target) {
      Replaced = Target->Child;
      if (Replaced->isDirectory()) {
        if (!MovedDirectory)
          return -EISDIR;
        if (int Error = checkEmpty(*Replaced))
          return Error;
      } else if (MovedDirectory) {
        return -ENOTDIR;
      }
    }
    DirectoryEntry *Added; // before the old one goes: it may fail
    if (Target) {
      // In the old one's place, which needs no memory.
      if (Replaced->Place == Target) {
        keepPath(*Replaced);
        Replaced->Place = nullptr;
      }
      if (Replaced->isDirectory()) {
        static_cast<Directory *>(Replaced)->Removed = true;
        Replaced->Info.NumLinks = 0;
        --To.Info.NumLinks;
      } else {
        drop(*Replaced);
      }
      Target->Child = Moved;
      Moved->ref();
      if (MovedDirectory)
        ++To.Info.NumLinks;
      To.touch();
      Added = Target;
    } else {
      if (int Error = To.addLocked(New, *Moved))
        return Error;
      Added = To.Last;
    }
    From.take(Source);
    Moved->Place = Added;
    Moved->Info.Changed = file::now();
  }
  Moved->unref(); // the old entry's
  if (Replaced)
    Replaced->unref();
  return 0;
}

size_t file::pathOf(Node &N, char *Path, size_t Size) {
  const char *Lost;
  {
    MutexGuard Guard(TreeLock);
    if (N.Place || &N == Root) {
      char *End = Path + Size - 1;
      bool Cut;
      char *Start = writePath(N, Path, End, Cut);
      size_t Length = End - Start;
      memmove(Path, Start, Length);
      Path[Length] = 0;
      return Cut ? Size : Length;
    }
    Lost = N.LostPath; // once set, it stays
  }
  if (!Lost)
    return N.describe(Path, Size);
  size_t Length = strlen(Lost);
  if (Length > Size - 1)
    Length = Size - 1;
  memcpy(Path, Lost, Length);
  Path[Length] = 0;
  return Length;
}
