// Opening and closing files, descriptors, and what the calls on files share.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/calls/sys_file.h"
#include "lib/string.h"
#include "linux/fs/epoll.h"
#include "linux/fs/pipe.h"
#include "linux/fs/regular_file.h"

namespace syscall {

int UserPath::read(uint64_t Address) {
  for (size_t I = 0; I != sizeof(Text); ++I) {
    if (!copyFromUser(Text + I, Address + I, 1))
      return -EFAULT;
    if (!Text[I])
      return 0;
  }
  return -ENAMETOOLONG;
}

int walk(Walk &W, uint64_t DirectoryFd, const char *Path, uint32_t Flags) {
  if (*Path == '/')
    return W.run(*file::Root, Path, Flags);
  if (static_cast<int>(DirectoryFd) == AT_FDCWD) {
    Node *Current = file::table().directory();
    int Error = W.run(*Current, Path, Flags);
    Current->unref();
    return Error;
  }
  FileRef F(DirectoryFd);
  if (!F)
    return -EBADF;
  return W.run(F->N, Path, Flags);
}

int64_t addFile(Node *N, uint32_t Flags) {
  if (!N)
    return -ENOMEM;
  OpenFile *F = heap::make<OpenFile>(*N, Flags & ~uint32_t(O_CLOEXEC));
  if (!F) {
    N->closed(0);
    N->unref();
    return -ENOMEM;
  }
  return file::table().add(*F, Flags & O_CLOEXEC);
}

namespace {

uint32_t accessOf(uint32_t Flags) {
  uint32_t Mode = Flags & O_ACCMODE;
  return (Mode != O_WRONLY ? file::Readable : 0) |
         (Mode == O_WRONLY || Mode == O_RDWR ? file::Writable : 0) |
         (Flags & O_APPEND ? file::Appending : 0);
}

// A new file at the end of a walk. With a reference; null: Error.
Node *createFile(Walk &W, uint32_t Mode, int &Error) {
  Directory *In = W.In->asDirectory();
  Node *N = In ? heap::make<RegularFile>(Mode) : nullptr;
  if (!N) {
    Error = -(In ? ENOSPC : EACCES);
    return nullptr;
  }
  if ((Error = In->add(W.Last, *N))) {
    N->unref();
    return nullptr;
  }
  return N;
}

int64_t openWalked(Node &N, uint32_t Flags, bool Created) {
  if (N.type() == file::SymbolicLink && !(Flags & O_PATH))
    return -ELOOP; // O_NOFOLLOW
  if ((Flags & O_DIRECTORY) && !N.isDirectory())
    return -ENOTDIR;
  if (Flags & O_PATH) {
    N.ref();
    return addFile(&N, Flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  uint32_t Access = accessOf(Flags);
  if (N.isDirectory() && ((Access & file::Writable) || (Flags & O_CREAT)))
    return -EISDIR;
  if ((Access & file::Writable) && &N == file::table().Program)
    return -ETXTBSY;
  int Error = 0;
  Node *Opened = N.opened(Access, Error);
  if (!Opened)
    return -Error;
  if ((Flags & O_TRUNC) && (Access & file::Writable) && !Created &&
      N.type() == file::Regular)
    Opened->truncate(0);
  constexpr uint32_t OnlyAtOpening = O_CREAT | O_EXCL | O_TRUNC;
  return addFile(Opened, (Flags & ~OnlyAtOpening) | O_LARGEFILE);
}

int64_t openAt(uint64_t DirectoryFd, uint64_t Address, uint64_t Flags,
               uint32_t Mode) {
  UserPath Path;
  if (int Error = Path.read(Address))
    return Error;
  if (Flags & O_TMPFILE_ONLY)
    return -EOPNOTSUPP;
  bool Create = (Flags & O_CREAT) && !(Flags & O_PATH);
  bool Exclusive = Create && (Flags & O_EXCL);
  Mode = file::PermissionMask & Mode & ~file::table().Umask;
  for (;;) {
    Walk W;
    int Error = walk(W, DirectoryFd, Path.text(),
                     (Exclusive || (Flags & O_NOFOLLOW) ? Walk::NoFollow : 0) |
                         (Create ? Walk::MayBeMissing : 0));
    if (Error)
      return Error;
    if (W.Found)
      return Exclusive
                 ? -EEXIST
                 : openWalked(*W.Found, static_cast<uint32_t>(Flags), false);
    if (W.EndsWithSlash || (Flags & O_DIRECTORY))
      return W.EndsWithSlash ? -EISDIR : -EINVAL;
    Node *N = createFile(W, Mode, Error);
    if (N) {
      int64_t Fd = openWalked(*N, static_cast<uint32_t>(Flags), true);
      N->unref();
      return Fd;
    }
    if (Error != -EEXIST || Exclusive)
      return Error;
    // Somebody else was faster: it is there now.
  }
}

int64_t duplicate(uint64_t Fd, bool CloseOnExec, uint64_t First) {
  FileRef F(Fd);
  if (!F)
    return -EBADF;
  if (First >= FileTable::MaxFiles)
    return -EINVAL;
  F->ref();
  return file::table().add(*F, CloseOnExec, static_cast<int>(First));
}

int64_t duplicateAt(uint64_t Old, uint64_t New, bool CloseOnExec) {
  FileRef F(Old);
  if (!F)
    return -EBADF;
  F->ref();
  return file::table().addAt(*F, CloseOnExec, static_cast<int>(New));
}

int64_t makePipe(uint64_t Address, uint64_t Flags) {
  if (Flags & ~uint64_t(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
    return -EINVAL;
  Node *N = file::makePipe();
  if (!N)
    return -ENOMEM;
  auto F = static_cast<uint32_t>(Flags) & ~uint32_t(O_DIRECT);
  int Unused, Fds[2] = {-1, -1};
  int64_t Error = 0;
  for (uint32_t End = 0; End != 2 && !Error; ++End) {
    uint32_t EndFlags = F | (End ? uint32_t(O_WRONLY) : 0u);
    int64_t Fd = addFile(N->opened(accessOf(EndFlags), Unused), EndFlags);
    if (Fd < 0)
      Error = Fd;
    else
      Fds[End] = static_cast<int>(Fd);
  }
  N->unref();
  if (!Error && !putUser(Address, Fds))
    Error = -EFAULT;
  if (Error)
    for (int Fd : Fds)
      file::table().close(Fd);
  return Error;
}

} // namespace

int64_t sysOpen(const Arguments &A) {
  return openAt(AT_FDCWD, A[0], A[1], static_cast<uint32_t>(A[2]));
}
int64_t sysOpenat(const Arguments &A) {
  return openAt(A[0], A[1], A[2], static_cast<uint32_t>(A[3]));
}
int64_t sysCreat(const Arguments &A) {
  return openAt(AT_FDCWD, A[0], O_CREAT | O_WRONLY | O_TRUNC,
                static_cast<uint32_t>(A[1]));
}
int64_t sysClose(const Arguments &A) {
  return file::table().close(static_cast<int>(A[0]));
}

int64_t sysCloseRange(const Arguments &A) {
  enum : uint64_t { CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4 };
  if (A[2] & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
    return -EINVAL;
  auto First = static_cast<uint32_t>(A[0]), Last = static_cast<uint32_t>(A[1]);
  if (First > Last)
    return -EINVAL;
  file::table().closeRange(First, Last, A[2] & CLOSE_RANGE_CLOEXEC);
  return 0;
}

int64_t sysDup(const Arguments &A) { return duplicate(A[0], false, 0); }

int64_t sysDup2(const Arguments &A) {
  if (static_cast<int>(A[0]) == static_cast<int>(A[1]))
    return FileRef(A[0]) ? static_cast<int>(A[1]) : -EBADF;
  return duplicateAt(A[0], A[1], false);
}

int64_t sysDup3(const Arguments &A) {
  if (static_cast<int>(A[0]) == static_cast<int>(A[1]) ||
      (A[2] & ~uint64_t(O_CLOEXEC)))
    return -EINVAL;
  return duplicateAt(A[0], A[1], A[2] & O_CLOEXEC);
}

int64_t sysFcntl(const Arguments &A) {
  enum : uint64_t {
    F_DUPFD = 0,
    F_GETFD = 1,
    F_SETFD = 2,
    F_GETFL = 3,
    F_SETFL = 4,
    F_GETLK = 5,
    F_SETLK = 6,
    F_SETLKW = 7,
    F_OFD_GETLK = 36,
    F_OFD_SETLK = 37,
    F_OFD_SETLKW = 38,
    F_DUPFD_CLOEXEC = 1030,
    F_GETPIPE_SZ = 1032,
    F_GET_SEALS = 1034,
  };
  enum : int16_t { F_RDLCK, F_WRLCK, F_UNLCK };
  FileTable &T = file::table();
  int Fd = static_cast<int>(A[0]);
  FileRef F(A[0]);
  bool IsOfFd = A[1] <= F_SETFD || A[1] == F_GETFL || A[1] == F_DUPFD_CLOEXEC;
  if (!F || ((F->flags() & O_PATH) && !IsOfFd))
    return -EBADF;
  switch (A[1]) {
  case F_DUPFD:
  case F_DUPFD_CLOEXEC:
    return duplicate(A[0], A[1] == F_DUPFD_CLOEXEC, A[2]);
  case F_GETFD:
    return T.closeOnExec(Fd);
  case F_SETFD:
    return T.setCloseOnExec(Fd, A[2] & 1);
  case F_GETFL:
    return F->flags();
  case F_SETFL: {
    constexpr uint32_t Settable = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;
    F->setFlags((F->flags() & ~Settable) |
                (static_cast<uint32_t>(A[2]) & Settable));
    return 0;
  }
  case F_GETLK:
  case F_OFD_GETLK: {
    // Nobody else has locks: there is one process.
    int16_t Type;
    if (!getUser(Type, A[2]))
      return -EFAULT;
    if (Type != F_RDLCK && Type != F_WRLCK)
      return -EINVAL;
    Type = F_UNLCK;
    return putUser(A[2], Type) ? 0 : -EFAULT;
  }
  case F_SETLK:
  case F_SETLKW:
  case F_OFD_SETLK:
  case F_OFD_SETLKW: {
    int16_t Type;
    if (!getUser(Type, A[2]))
      return -EFAULT;
    if (Type < F_RDLCK || Type > F_UNLCK)
      return -EINVAL;
    uint32_t Needed = Type == F_RDLCK   ? file::Readable
                      : Type == F_WRLCK ? file::Writable
                                        : 0u;
    return (F->access() & Needed) == Needed ? 0 : -EBADF;
  }
  case F_GETPIPE_SZ:
    return F->N.type() == file::PipeType ? 65536 : -EBADF;
  default:
    return -EINVAL;
  }
}

int64_t sysFlock(const Arguments &A) {
  enum : int { LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8 };
  int Operation = static_cast<int>(A[1]) & ~LOCK_NB;
  if (Operation != LOCK_SH && Operation != LOCK_EX && Operation != LOCK_UN)
    return -EINVAL;
  FileRef F(A[0]);
  return F && !(F->flags() & O_PATH) ? 0 : -EBADF;
}

int64_t sysIoctl(const Arguments &A) {
  enum : uint64_t {
    FIONREAD = 0x541b,
    FIONBIO = 0x5421,
    FIONCLEX = 0x5450,
    FIOCLEX = 0x5451,
  };
  FileRef F(A[0]);
  if (!F || (F->flags() & O_PATH))
    return -EBADF;
  switch (A[1]) {
  case FIONREAD: {
    int64_t N = F->N.type() == file::Regular
                    ? static_cast<int64_t>(F->N.size() - F->Position)
                    : F->N.available();
    if (N < 0)
      return N;
    return putUser(A[2], static_cast<int>(N)) ? 0 : -EFAULT;
  }
  case FIONBIO: {
    int On;
    if (!getUser(On, A[2]))
      return -EFAULT;
    F->setFlags(On ? F->flags() | O_NONBLOCK
                   : F->flags() & ~uint32_t(O_NONBLOCK));
    return 0;
  }
  case FIONCLEX:
  case FIOCLEX:
    return file::table().setCloseOnExec(static_cast<int>(A[0]),
                                        A[1] == FIOCLEX);
  default:
    return -ENOTTY;
  }
}

int64_t sysPipe(const Arguments &A) { return makePipe(A[0], 0); }
int64_t sysPipe2(const Arguments &A) { return makePipe(A[0], A[1]); }

int64_t sysEventfd(const Arguments &A) {
  return addFile(file::makeEventCounter(static_cast<uint32_t>(A[0]), false),
                 O_RDWR);
}
int64_t sysEventfd2(const Arguments &A) {
  enum : uint64_t { EFD_SEMAPHORE = 1 };
  if (A[1] & ~(EFD_SEMAPHORE | uint64_t(O_CLOEXEC | O_NONBLOCK)))
    return -EINVAL;
  return addFile(
      file::makeEventCounter(static_cast<uint32_t>(A[0]), A[1] & EFD_SEMAPHORE),
      O_RDWR | (A[1] & (O_CLOEXEC | O_NONBLOCK)));
}

int64_t sysMemfdCreate(const Arguments &A) {
  enum : uint64_t {
    MFD_CLOEXEC = 1,
    MFD_ALLOW_SEALING = 2,
    MFD_NOEXEC_SEAL = 8,
    MFD_EXEC = 16
  };
  if ((A[1] &
       ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC)) ||
      ((A[1] & MFD_NOEXEC_SEAL) && (A[1] & MFD_EXEC)))
    return -EINVAL;
  char Name[250] = "memfd:";
  size_t Prefix = strlen(Name);
  for (size_t I = 0;; ++I) {
    if (Prefix + I == sizeof(Name))
      return -EINVAL;
    if (!copyFromUser(Name + Prefix + I, A[0] + I, 1))
      return -EFAULT;
    if (!Name[Prefix + I])
      break;
  }
  return addFile(file::makeAnonymous(Name),
                 O_RDWR | (A[1] & MFD_CLOEXEC ? uint32_t(O_CLOEXEC) : 0u));
}

} // namespace syscall
