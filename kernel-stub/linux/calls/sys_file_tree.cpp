// Changing the tree, and the status of files.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/calls/sys_file.h"
#include "linux/fs/regular_file.h"
#include "linux/fs/symlink.h"
#include "user/vm.h"

namespace syscall {
namespace {

constexpr int64_t NanosecondsPerSecond = 1000000000;

// The directory in which the last name of a path is to be changed.
class Target {
public:
  // 0 or -errno. AtEnd: the error if there is no last name ("/", ".", "..").
  int find(uint64_t DirectoryFd, uint64_t Address, int AtEnd) {
    if (int Error = Path.read(Address))
      return Error;
    if (int Error = walk(W, DirectoryFd, Path.text(), Walk::Parent))
      return Error;
    if (!W.In)
      return AtEnd;
    if (!W.In->isDirectory())
      return -ENOTDIR;
    In = W.In->asDirectory();
    return In ? 0 : -EPERM; // /proc
  }

  Directory *In = nullptr;
  Walk W;

private:
  UserPath Path;
};

// Adds a node and drops its reference.
int64_t add(Target &T, Node *N) {
  if (!N)
    return -ENOSPC;
  int64_t Error = T.In->add(T.W.Last, *N);
  N->unref();
  return Error;
}

int64_t makeDirectoryAt(uint64_t DirectoryFd, uint64_t Path, uint64_t Mode) {
  Target T;
  if (int Error = T.find(DirectoryFd, Path, -EEXIST))
    return Error;
  return add(T, heap::make<Directory>(static_cast<uint32_t>(Mode) & 01777 &
                                      ~file::table().Umask));
}

int64_t unlinkAt(uint64_t DirectoryFd, uint64_t Path, bool IsDirectory) {
  Target T;
  if (int Error = T.find(DirectoryFd, Path, IsDirectory ? -EINVAL : -EISDIR))
    return Error;
  if (IsDirectory)
    return T.In->removeDirectory(T.W.Last);
  if (T.W.EndsWithSlash)
    return -ENOTDIR;
  return T.In->remove(T.W.Last);
}

int64_t renameAt(uint64_t OldFd, uint64_t OldPath, uint64_t NewFd,
                 uint64_t NewPath, uint64_t Flags) {
  if (Flags & ~uint64_t(Directory::NoReplace | Directory::Exchange) ||
      Flags == (Directory::NoReplace | Directory::Exchange))
    return -EINVAL;
  Target Old, New;
  int Error = Old.find(OldFd, OldPath, -EBUSY);
  if (!Error)
    Error = New.find(NewFd, NewPath, -EBUSY);
  if (Error)
    return Error;
  if (Old.W.EndsWithSlash || New.W.EndsWithSlash) {
    Node *N = Old.In->lookup(Old.W.Last);
    bool IsDirectory = !N || N->isDirectory();
    if (N)
      N->unref();
    if (!IsDirectory)
      return -ENOTDIR;
  }
  return Directory::rename(*Old.In, Old.W.Last, *New.In, New.W.Last,
                           static_cast<uint32_t>(Flags));
}

int64_t symlinkAt(uint64_t TextAddress, uint64_t DirectoryFd, uint64_t Path) {
  UserPath Text;
  if (int Error = Text.read(TextAddress))
    return Error;
  if (!*Text.text())
    return -ENOENT;
  Target T;
  if (int Error = T.find(DirectoryFd, Path, -EEXIST))
    return Error;
  if (T.W.EndsWithSlash)
    return -ENOENT;
  return add(T, file::makeSymlink(Text.text()));
}

int64_t linkAt(uint64_t OldFd, uint64_t OldAddress, uint64_t NewFd,
               uint64_t NewPath, uint64_t Flags) {
  if (Flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
    return -EINVAL;
  UserPath Old;
  if (int Error = Old.read(OldAddress))
    return Error;
  Walk W;
  if (int Error = walk(W, OldFd, Old.text(),
                       Flags & AT_SYMLINK_FOLLOW ? 0 : Walk::NoFollow))
    return Error;
  if (W.Found->isDirectory())
    return -EPERM;
  Target T;
  if (int Error = T.find(NewFd, NewPath, -EEXIST))
    return Error;
  if (W.Found->Info.Device != T.In->Info.Device)
    return -EXDEV;
  if (T.W.EndsWithSlash)
    return -ENOENT;
  return T.In->link(T.W.Last, *W.Found);
}

template <typename Function> int64_t withOpen(uint64_t Fd, Function Do) {
  FileRef F(Fd);
  return F && !(F->flags() & O_PATH) ? Do(F->N) : -EBADF;
}

// Calls Do for the node at a path. Flags: with AT_SYMLINK_NOFOLLOW, for a link
// itself; with AT_EMPTY_PATH, for DirectoryFd if the path is empty.
template <typename Function>
int64_t withNodeAt(uint64_t DirectoryFd, uint64_t Address, uint64_t Flags,
                   Function Do) {
  if (Flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
    return -EINVAL;
  UserPath Path;
  if (int Error = Path.read(Address))
    return Error;
  bool NoFollow = Flags & AT_SYMLINK_NOFOLLOW;
  if (!*Path.text() && (Flags & AT_EMPTY_PATH) &&
      static_cast<int>(DirectoryFd) != AT_FDCWD) {
    FileRef F(DirectoryFd);
    return F ? Do(F->N) : -EBADF;
  }
  bool IsCurrent = !*Path.text() && (Flags & AT_EMPTY_PATH);
  Walk W;
  if (int Error = walk(W, DirectoryFd, IsCurrent ? "." : Path.text(),
                       NoFollow ? uint32_t(Walk::NoFollow) : 0u))
    return Error;
  return Do(*W.Found);
}

bool isProc(const Node &N) { return N.Info.Device == 6; }

int64_t changeMode(Node &N, uint64_t Mode) {
  if (isProc(N))
    return -EPERM;
  N.Info.Mode = N.type() | (static_cast<uint32_t>(Mode) & file::PermissionMask);
  N.Info.Changed = file::now();
  return 0;
}

// Kept and told: the one user, root, may do all with any file.
int64_t changeOwner(Node &N, uint64_t Uid, uint64_t Gid) {
  enum : uint32_t { S_ISUID = 04000, S_ISGID = 02000, S_IXGRP = 010 };
  if (isProc(N))
    return -EPERM;
  // -1 leaves an id as it is.
  if (static_cast<uint32_t>(Uid) != ~0u)
    N.Info.Uid = static_cast<uint32_t>(Uid);
  if (static_cast<uint32_t>(Gid) != ~0u)
    N.Info.Gid = static_cast<uint32_t>(Gid);
  if (!N.isDirectory())
    N.Info.Mode &= ~(S_ISUID | (N.Info.Mode & S_IXGRP ? S_ISGID : 0u));
  N.Info.Changed = file::now();
  return 0;
}

// Nanoseconds since 1970. What is too far is cut to what there is, as file
// systems do: the years 1677 to 2262.
int64_t fileTime(int64_t Seconds, int64_t Nanoseconds) {
  int64_t T;
  if (__builtin_mul_overflow(Seconds, NanosecondsPerSecond, &T) ||
      __builtin_add_overflow(T, Nanoseconds, &T))
    return Seconds < 0 ? INT64_MIN : INT64_MAX;
  return T;
}

struct TimeSpec {
  int64_t Seconds, Nanoseconds;
};

// Times: two of struct timespec, or 0 for now.
int64_t setTimes(Node &N, uint64_t Times) {
  constexpr int64_t UTIME_NOW = (1 << 30) - 1, UTIME_OMIT = (1 << 30) - 2;
  int64_t Now = file::now();
  TimeSpec T[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  if (Times && !getUser(T, Times))
    return -EFAULT;
  for (const TimeSpec &S : T)
    if (S.Nanoseconds != UTIME_NOW && S.Nanoseconds != UTIME_OMIT &&
        static_cast<uint64_t>(S.Nanoseconds) >= NanosecondsPerSecond)
      return -EINVAL;
  int64_t *Fields[2] = {&N.Info.Accessed, &N.Info.Modified};
  for (int I = 0; I != 2; ++I)
    if (T[I].Nanoseconds != UTIME_OMIT)
      *Fields[I] = T[I].Nanoseconds == UTIME_NOW
                       ? Now
                       : fileTime(T[I].Seconds, T[I].Nanoseconds);
  N.Info.Changed = Now;
  return 0;
}

int64_t truncate(Node &N, uint64_t Size) {
  if (&N == file::table().Program)
    return -ETXTBSY;
  int64_t Result = static_cast<int64_t>(Size) < 0 ? -EINVAL : N.truncate(Size);
  if (!Result)
    vm::forgetFile(N, Size); // accesses behind the end are SIGBUS from now on
  return Result;
}

} // namespace

int64_t sysMkdir(const Arguments &A) {
  return makeDirectoryAt(AT_FDCWD, A[0], A[1]);
}
int64_t sysMkdirat(const Arguments &A) {
  return makeDirectoryAt(A[0], A[1], A[2]);
}
int64_t sysRmdir(const Arguments &A) { return unlinkAt(AT_FDCWD, A[0], true); }
int64_t sysUnlink(const Arguments &A) {
  return unlinkAt(AT_FDCWD, A[0], false);
}
int64_t sysUnlinkat(const Arguments &A) {
  if (A[2] & ~AT_REMOVEDIR)
    return -EINVAL;
  return unlinkAt(A[0], A[1], A[2] & AT_REMOVEDIR);
}

int64_t sysRename(const Arguments &A) {
  return renameAt(AT_FDCWD, A[0], AT_FDCWD, A[1], 0);
}
int64_t sysRenameat(const Arguments &A) {
  return renameAt(A[0], A[1], A[2], A[3], 0);
}
int64_t sysRenameat2(const Arguments &A) {
  return renameAt(A[0], A[1], A[2], A[3], A[4]);
}

int64_t sysSymlink(const Arguments &A) {
  return symlinkAt(A[0], AT_FDCWD, A[1]);
}
int64_t sysSymlinkat(const Arguments &A) { return symlinkAt(A[0], A[1], A[2]); }
int64_t sysLink(const Arguments &A) {
  return linkAt(AT_FDCWD, A[0], AT_FDCWD, A[1], 0);
}
int64_t sysLinkat(const Arguments &A) {
  return linkAt(A[0], A[1], A[2], A[3], A[4]);
}

int64_t sysTruncate(const Arguments &A) {
  return withNodeAt(AT_FDCWD, A[0], 0,
                    [&](Node &N) { return truncate(N, A[1]); });
}
int64_t sysFtruncate(const Arguments &A) {
  FileRef F(A[0]);
  if (!F)
    return -EBADF;
  return F->access() & file::Writable ? truncate(F->N, A[1]) : -EINVAL;
}

int64_t sysFallocate(const Arguments &A) {
  enum : uint64_t { FALLOC_FL_KEEP_SIZE = 1 };
  FileRef F(A[0]);
  if (!F || !(F->access() & file::Writable))
    return -EBADF;
  if (A[1] & ~FALLOC_FL_KEEP_SIZE)
    return -EOPNOTSUPP;
  auto Offset = static_cast<int64_t>(A[2]), Size = static_cast<int64_t>(A[3]);
  if (Offset < 0 || Size <= 0)
    return -EINVAL;
  if (F->N.type() != file::Regular)
    return F->N.isStream() ? -ESPIPE : -ENODEV;
  // What is open for writing and regular is a file in memory.
  auto &R = static_cast<RegularFile &>(F->N);
  if (int64_t Error = R.reserve(Offset, Size))
    return Error;
  uint64_t End = Offset + Size;
  return (A[1] & FALLOC_FL_KEEP_SIZE) || R.size() >= End ? 0 : R.truncate(End);
}

int64_t sysChmod(const Arguments &A) {
  return withNodeAt(AT_FDCWD, A[0], 0,
                    [&](Node &N) { return changeMode(N, A[1]); });
}
int64_t sysFchmod(const Arguments &A) {
  return withOpen(A[0], [&](Node &N) { return changeMode(N, A[1]); });
}
int64_t sysFchmodat(const Arguments &A) {
  return withNodeAt(A[0], A[1], 0,
                    [&](Node &N) { return changeMode(N, A[2]); });
}
int64_t sysChown(const Arguments &A) {
  return withNodeAt(AT_FDCWD, A[0], 0,
                    [&](Node &N) { return changeOwner(N, A[1], A[2]); });
}
int64_t sysLchown(const Arguments &A) {
  return withNodeAt(AT_FDCWD, A[0], AT_SYMLINK_NOFOLLOW,
                    [&](Node &N) { return changeOwner(N, A[1], A[2]); });
}
int64_t sysFchown(const Arguments &A) {
  return withOpen(A[0], [&](Node &N) { return changeOwner(N, A[1], A[2]); });
}
int64_t sysFchownat(const Arguments &A) {
  return withNodeAt(A[0], A[1], A[4],
                    [&](Node &N) { return changeOwner(N, A[2], A[3]); });
}

int64_t sysUtimensat(const Arguments &A) {
  auto Set = [&](Node &N) { return setTimes(N, A[2]); };
  if (!A[1])
    return A[3] ? -EINVAL : withOpen(A[0], Set);
  return withNodeAt(A[0], A[1], A[3], Set);
}

} // namespace syscall
