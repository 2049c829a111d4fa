// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/fs/unpack.h"
#include "lib/error.h"
#include "linux/fs/path.h"
#include "linux/fs/regular_file.h"
#include "linux/fs/symlink.h"

namespace unpack {
namespace {

constexpr int64_t NanosecondsPerSecond = 1000000000;

// Null: no memory, or of a type that the tree does not have (Error).
Node *makeNode(const cpio::Entry &E, int &Error) {
  uint32_t Permissions = E.Mode & file::PermissionMask;
  Node *N;
  switch (E.Mode & file::TypeMask) {
  case file::Regular:
    N = heap::make<RegularFile>(Permissions, E.Data, E.Size);
    break;
  case file::DirectoryType:
    N = heap::make<Directory>(Permissions);
    break;
  case file::SymbolicLink:
    N = heap::make<Symlink>(reinterpret_cast<const char *>(E.Data), E.Size,
                            false);
    break;
  default:
    Error = EINVAL;
    return nullptr;
  }
  Error = N ? 0 : ENOMEM;
  return N;
}

void setTime(Node &N, const cpio::Entry &E) {
  N.Info.Accessed = N.Info.Modified = N.Info.Changed =
      E.Time * NanosecondsPerSecond;
}

// Adds a member, in the place of what is there but for directories. The time of
// the directory stays what the archive said.
int put(Directory &In, file::Name N, Node &Child) {
  int64_t Modified = In.Info.Modified;
  In.remove(N);
  int Error = -In.add(N, Child);
  In.Info.Modified = Modified;
  return Error;
}

// The directory with this path, which need not end with NUL; made if it is not
// there. Its ancestors are. With a reference; null: Error.
Node *directoryAt(Directory &Root, const char *Path, size_t Size, int &Error) {
  char Text[MaxPathSize];
  if (Size >= sizeof(Text)) {
    Error = ENAMETOOLONG;
    return nullptr;
  }
  for (size_t I = 0; I != Size; ++I)
    Text[I] = Path[I];
  Text[Size] = 0;
  Walk W;
  if ((Error = -W.run(Root, Text, Walk::MayBeMissing)))
    return nullptr;
  if (W.Found) {
    if (!W.Found->isDirectory())
      Error = ENOTDIR;
    return Error ? nullptr : W.takeFound();
  }
  Directory *In = W.In->asDirectory();
  Node *Made = In ? heap::make<Directory>(0755u) : nullptr;
  if (!Made) {
    Error = In ? ENOMEM : EROFS;
    return nullptr;
  }
  if ((Error = put(*In, W.Last, *Made))) {
    Made->unref();
    return nullptr;
  }
  return Made;
}

// 0 or an error number.
int addMember(Directory &Root, const cpio::Entry &E) {
  // All but the last name.
  const char *Path = E.Name;
  Node *In = &Root;
  In->ref();
  int Error = 0;
  file::Name Last = {nullptr, 0};
  for (const char *At = Path; !Error;) {
    while (*At == '/')
      ++At;
    if (!*At)
      break;
    const char *Start = At;
    while (*At && *At != '/')
      ++At;
    file::Name N = {Start, static_cast<size_t>(At - Start)};
    if (N.Size == 1 && N.Text[0] == '.')
      continue;
    if (N.Size == 2 && N.Text[0] == '.' && N.Text[1] == '.') {
      Error = EINVAL;
      break;
    }
    if (Last.Text) {
      Node *Next = In->lookup(Last);
      if (!Next || Next->type() == file::SymbolicLink) {
        if (Next)
          Next->unref();
        Next = directoryAt(Root, Path, Last.Text + Last.Size - Path, Error);
      }
      In->unref();
      In = Next;
      if (!In)
        return Error;
      if (!In->asDirectory())
        Error = ENOTDIR;
    }
    Last = N;
  }
  if (!Error && !Last.Text) { // "." or "/": the root itself
    if ((E.Mode & file::TypeMask) == file::DirectoryType) {
      In->Info.Mode = file::DirectoryType | (E.Mode & file::PermissionMask);
      setTime(*In, E);
    } else {
      Error = EINVAL;
    }
  } else if (!Error) {
    Node *Old = In->lookup(Last);
    bool IsDirectory = (E.Mode & file::TypeMask) == file::DirectoryType;
    if (Old && Old->isDirectory()) {
      if (IsDirectory) {
        Old->Info.Mode = file::DirectoryType | (E.Mode & file::PermissionMask);
        setTime(*Old, E);
      } else {
        Error = EISDIR;
      }
      Old->unref();
    } else {
      Node *N = makeNode(E, Error);
      if (N) {
        setTime(*N, E);
        Error = put(*In->asDirectory(), Last, *N);
        N->unref();
      }
      if (Old)
        Old->unref();
    }
  }
  In->unref();
  return Error;
}

} // namespace

Result unpack(Directory &Root, const void *Archive, size_t Size) {
  Result R;
  cpio::Reader Reader(Archive, Size);
  for (cpio::Entry E; (R.Error = Reader.next(E)) == cpio::Error::None;) {
    int Error = addMember(Root, E);
    if (Error == ENOMEM || Error == ENOSPC)
      R.NoMemory = true;
    else if (Error)
      ++R.NumRefused;
    else
      ++R.NumMembers;
  }
  R.Offset = Reader.offset();
  return R;
}

} // namespace unpack
