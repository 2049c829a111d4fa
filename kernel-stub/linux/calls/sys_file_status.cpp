// What there is: status, access, directories' members, links' targets, file
// systems, the current directory.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lib/string.h"
#include "linux/calls/sys_file.h"
#include "linux/fs/file_memory.h"
#include "memory/memory.h"

namespace syscall {
namespace {

constexpr int64_t NanosecondsPerSecond = 1000000000;
constexpr uint64_t PageSize = 4096;

struct TimeSpec {
  int64_t Seconds, Nanoseconds;
};
TimeSpec timeOf(int64_t T) {
  int64_t Rest = T % NanosecondsPerSecond, Before1970 = Rest < 0;
  return {T / NanosecondsPerSecond - Before1970,
          Rest + Before1970 * NanosecondsPerSecond};
}

// struct stat, arch/x86/include/uapi/asm/stat.h.
struct Stat {
  uint64_t Device, Inode, NumLinks;
  uint32_t Mode, Uid, Gid, Pad0;
  uint64_t DeviceId;
  int64_t Size, BlockSize, Blocks;
  TimeSpec Accessed, Modified, Changed;
  int64_t Unused[3];
};
static_assert(sizeof(Stat) == 144);

int64_t putStat(Node &N, uint64_t Address) {
  file::Status S;
  N.status(S);
  Stat Out = {};
  Out.Device = S.Device;
  Out.Inode = S.Inode;
  Out.NumLinks = S.NumLinks;
  Out.Mode = S.Mode;
  Out.Uid = S.Uid;
  Out.Gid = S.Gid;
  Out.DeviceId = S.DeviceId;
  Out.Size = S.Size;
  Out.BlockSize = PageSize;
  Out.Blocks = S.NumPages * (PageSize / 512);
  Out.Accessed = timeOf(S.Accessed);
  Out.Modified = timeOf(S.Modified);
  Out.Changed = timeOf(S.Changed);
  return putUser(Address, Out) ? 0 : -EFAULT;
}

// struct statx, include/uapi/linux/stat.h.
struct StatxTime {
  int64_t Seconds;
  uint32_t Nanoseconds;
  int32_t Pad;
};
StatxTime statxTimeOf(int64_t T) {
  TimeSpec S = timeOf(T);
  return {S.Seconds, static_cast<uint32_t>(S.Nanoseconds), 0};
}
struct Statx {
  uint32_t Mask, BlockSize;
  uint64_t Attributes;
  uint32_t NumLinks, Uid, Gid;
  uint16_t Mode, Pad0;
  uint64_t Inode, Size, Blocks, AttributesMask;
  StatxTime Accessed, Created, Changed, Modified;
  uint32_t IdMajor, IdMinor, DeviceMajor, DeviceMinor;
  uint64_t Spare[14];
};
static_assert(sizeof(Statx) == 256);

int64_t putStatx(Node &N, uint64_t Address) {
  file::Status S;
  N.status(S);
  Statx Out = {};
  Out.Mask = 0x7ff; // STATX_BASIC_STATS
  Out.BlockSize = PageSize;
  Out.NumLinks = S.NumLinks;
  Out.Mode = static_cast<uint16_t>(S.Mode);
  Out.Uid = S.Uid;
  Out.Gid = S.Gid;
  Out.Inode = S.Inode;
  Out.Size = S.Size;
  Out.Blocks = S.NumPages * (PageSize / 512);
  Out.Accessed = statxTimeOf(S.Accessed);
  Out.Changed = statxTimeOf(S.Changed);
  Out.Modified = statxTimeOf(S.Modified);
  // As struct stat has them in one number: low byte, then the major's.
  Out.IdMajor = S.DeviceId >> 8;
  Out.IdMinor = S.DeviceId & 0xff;
  Out.DeviceMajor = S.Device >> 8;
  Out.DeviceMinor = S.Device & 0xff;
  return putUser(Address, Out) ? 0 : -EFAULT;
}

// The node that the *at calls are about. Flags: AT_*. Returns 0 or -errno.
template <typename Function>
int64_t withNode(uint64_t DirectoryFd, uint64_t Address, uint64_t Flags,
                 Function Do) {
  UserPath Path;
  // A null path goes with AT_EMPTY_PATH (Linux 6.11).
  int Error = !Address && (Flags & AT_EMPTY_PATH) ? 0 : Path.read(Address);
  if (Error)
    return Error;
  if ((!Address || !*Path.text()) && (Flags & AT_EMPTY_PATH)) {
    if (static_cast<int>(DirectoryFd) == AT_FDCWD) {
      Node *Current = file::table().directory();
      int64_t Result = Do(*Current);
      Current->unref();
      return Result;
    }
    FileRef F(DirectoryFd);
    return F ? Do(F->N) : -EBADF;
  }
  Walk W;
  if ((Error = walk(W, DirectoryFd, Path.text(),
                    Flags & AT_SYMLINK_NOFOLLOW ? Walk::NoFollow : 0)))
    return Error;
  return Do(*W.Found);
}

int64_t statAt(uint64_t DirectoryFd, uint64_t Path, uint64_t Flags,
               uint64_t Out) {
  return withNode(DirectoryFd, Path, Flags,
                  [&](Node &N) { return putStat(N, Out); });
}

int64_t accessAt(uint64_t DirectoryFd, uint64_t Path, uint64_t Mode,
                 uint64_t Flags) {
  enum : uint64_t { X_OK = 1, W_OK = 2, R_OK = 4 };
  if (Mode & ~(X_OK | W_OK | R_OK))
    return -EINVAL;
  // The user is root: all may be read and written, but to be executed it needs
  // to be executable for someone.
  return withNode(DirectoryFd, Path, Flags, [&](Node &N) -> int64_t {
    bool Executable = N.isDirectory() || (N.Info.Mode & 0111);
    return (Mode & X_OK) && !Executable ? -EACCES : 0;
  });
}

int64_t readLinkAt(uint64_t DirectoryFd, uint64_t Path, uint64_t Out,
                   uint64_t Size) {
  if (static_cast<int64_t>(Size) <= 0)
    return -EINVAL;
  return withNode(DirectoryFd, Path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH,
                  [&](Node &N) -> int64_t {
                    char Text[MaxPathSize];
                    int64_t Length = N.readLink(
                        Text, Size < sizeof(Text) ? Size : sizeof(Text));
                    if (Length > 0 && !copyToUser(Out, Text, Length))
                      return -EFAULT;
                    return Length;
                  });
}

// struct linux_dirent64, include/linux/dirent.h: the name follows.
struct [[gnu::packed]] DirectoryRecord {
  uint64_t Inode;
  int64_t Next; // where the one behind it starts
  uint16_t Size;
  uint8_t Type;
};

// struct statfs, arch/x86/include/uapi/asm/statfs.h.
int64_t putStatfs(Node &N, uint64_t Address) {
  struct {
    int64_t Type, BlockSize;
    uint64_t Blocks, Free, Available, Files, FreeFiles;
    int32_t Id[2];
    int64_t NameSize, FragmentSize, Flags, Spare[4];
  } Out = {};
  enum : int64_t {
    TmpfsMagic = 0x01021994,
    ProcMagic = 0x9fa0,
    PipeMagic = 0x50495045
  };
  Out.Type = N.Info.Device == 6           ? ProcMagic
             : N.type() == file::PipeType ? PipeMagic
                                          : TmpfsMagic;
  Out.BlockSize = Out.FragmentSize = PageSize;
  Out.Flags = 0x20; // ST_VALID: there are flags, and none is set
  if (Out.Type == TmpfsMagic) {
    Out.Blocks = fileMemory::limit();
    Out.Free = Out.Available = fileMemory::limit() - fileMemory::used();
    // New ones take of the same memory.
    Out.FreeFiles = Out.Free * PageSize / fileMemory::LeastPerFile;
    Out.Files = Node::numFiles() + Out.FreeFiles;
  }
  Out.NameSize = MaxNameSize;
  return putUser(Address, Out) ? 0 : -EFAULT;
}

} // namespace

int64_t sysStat(const Arguments &A) { return statAt(AT_FDCWD, A[0], 0, A[1]); }
int64_t sysLstat(const Arguments &A) {
  return statAt(AT_FDCWD, A[0], AT_SYMLINK_NOFOLLOW, A[1]);
}
int64_t sysFstat(const Arguments &A) {
  FileRef F(A[0]);
  return F ? putStat(F->N, A[1]) : -EBADF;
}
int64_t sysNewfstatat(const Arguments &A) {
  if (A[3] & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
    return -EINVAL;
  return statAt(A[0], A[1], A[3], A[2]);
}
int64_t sysStatx(const Arguments &A) {
  enum : uint64_t { AT_STATX_SYNC_TYPE = 0x6000, STATX_RESERVED = 1u << 31 };
  uint64_t Known = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH |
                   AT_STATX_SYNC_TYPE;
  if ((A[2] & ~Known) || (A[2] & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE ||
      (A[3] & STATX_RESERVED))
    return -EINVAL;
  return withNode(A[0], A[1], A[2], [&](Node &N) { return putStatx(N, A[4]); });
}

int64_t sysAccess(const Arguments &A) {
  return accessAt(AT_FDCWD, A[0], A[1], 0);
}
int64_t sysFaccessat(const Arguments &A) {
  return accessAt(A[0], A[1], A[2], 0);
}
int64_t sysFaccessat2(const Arguments &A) {
  if (A[3] & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
    return -EINVAL;
  return accessAt(A[0], A[1], A[2], A[3]);
}

int64_t sysReadlink(const Arguments &A) {
  return readLinkAt(AT_FDCWD, A[0], A[1], A[2]);
}
int64_t sysReadlinkat(const Arguments &A) {
  return readLinkAt(A[0], A[1], A[2], A[3]);
}

// "." and ".." come first; the position counts from there.
int64_t sysGetdents64(const Arguments &A) {
  FileRef F(A[0]);
  if (!F || !(F->access() & file::Readable))
    return -EBADF;
  if (!F->N.isDirectory())
    return -ENOTDIR;
  MutexGuard Guard(F->PositionLock);
  uint64_t Done = 0, Size = static_cast<uint32_t>(A[2]);
  for (;;) {
    file::Member M = {F->N.Info.Inode, file::DirectoryType, 1, {'.'}};
    uint64_t Position = F->Position;
    if (Position < 2) {
      if (Position == 1) {
        M = {F->N.Info.Inode, file::DirectoryType, 2, {'.', '.'}};
        if (Node *Up = F->N.parent()) {
          M.Inode = Up->Info.Inode;
          Up->unref();
        }
      }
      ++Position;
    } else {
      Position -= 2;
      if (!F->N.memberAfter(Position, M))
        return Done;
      Position += 2;
    }
    char Record[sizeof(DirectoryRecord) + sizeof(M.Text) + 8] = {};
    uint64_t RecordSize = (sizeof(DirectoryRecord) + M.Size + 1 + 7) & ~7ull;
    DirectoryRecord Header = {M.Inode, static_cast<int64_t>(Position),
                              static_cast<uint16_t>(RecordSize),
                              static_cast<uint8_t>(M.Type >> 12)};
    memcpy(Record, &Header, sizeof(Header));
    memcpy(Record + sizeof(Header), M.Text, M.Size);
    if (RecordSize > Size - Done)
      return Done ? static_cast<int64_t>(Done) : -EINVAL;
    if (!copyToUser(A[1] + Done, Record, RecordSize))
      return Done ? static_cast<int64_t>(Done) : -EFAULT;
    Done += RecordSize;
    F->Position = Position;
  }
}

int64_t sysStatfs(const Arguments &A) {
  return withNode(AT_FDCWD, A[0], 0,
                  [&](Node &N) { return putStatfs(N, A[1]); });
}
int64_t sysFstatfs(const Arguments &A) {
  FileRef F(A[0]);
  return F ? putStatfs(F->N, A[1]) : -EBADF;
}

int64_t sysGetcwd(const Arguments &A) {
  Node *N = file::table().directory();
  char Path[MaxPathSize];
  uint64_t Length = file::pathOf(*N, Path, sizeof(Path)) + 1;
  bool IsThere = N->Place || N == file::Root || !N->asDirectory();
  N->unref();
  if (!IsThere)
    return -ENOENT;
  if (Length > sizeof(Path))
    return -ENAMETOOLONG;
  if (Length > A[1])
    return -ERANGE;
  return copyToUser(A[0], Path, Length) ? static_cast<int64_t>(Length)
                                        : -EFAULT;
}

int64_t sysChdir(const Arguments &A) {
  return withNode(AT_FDCWD, A[0], 0, [](Node &N) -> int64_t {
    if (!N.isDirectory())
      return -ENOTDIR;
    file::table().setDirectory(N);
    return 0;
  });
}
int64_t sysFchdir(const Arguments &A) {
  FileRef F(A[0]);
  if (!F)
    return -EBADF;
  if (!F->N.isDirectory())
    return -ENOTDIR;
  file::table().setDirectory(F->N);
  return 0;
}

// Files have no extended attributes.
int64_t sysNoAttributes(const Arguments &) { return -EOPNOTSUPP; }

int64_t sysUmask(const Arguments &A) {
  return __atomic_exchange_n(&file::table().Umask,
                             static_cast<uint32_t>(A[0]) & 0777,
                             __ATOMIC_RELAXED);
}

} // namespace syscall
