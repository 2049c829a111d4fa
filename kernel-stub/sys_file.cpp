// The three standard streams. There are no other files yet.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "copy_user.h"
#include "error.h"
#include "input.h"
#include "process.h"
#include "serial.h"
#include "string.h"
#include "syscall.h"
#include "thread.h"

namespace syscall {
namespace {

bool isStream(uint64_t Fd) { return Fd <= 2; }

// Returns bytes written, or -errno if none could be.
int64_t writeBytes(uint64_t Fd, uint64_t Buffer, uint64_t Size) {
  if (Fd != 1 && Fd != 2)
    return -EBADF;
  serial::Port Port = Fd == 1 ? serial::Output : serial::ErrorOutput;
  uint64_t Done = 0;
  while (Done != Size) {
    char Chunk[256];
    uint64_t N = Size - Done < sizeof(Chunk) ? Size - Done : sizeof(Chunk);
    if (!copyFromUser(Chunk, Buffer + Done, N))
      return Done ? static_cast<int64_t>(Done) : -EFAULT;
    // One chunk comes out in one piece.
    thread::PreemptGuard Guard;
    serial::write(Port, Chunk, N);
    Done += N;
  }
  return Done;
}

int64_t readBytes(uint64_t Fd, uint64_t Buffer, uint64_t Size) {
  if (Fd != 0)
    return -EBADF;
  char Chunk[256];
  int64_t N;
  while ((N = input::read(Chunk, Size < sizeof(Chunk) ? Size
                                                      : sizeof(Chunk))) ==
         -EAGAIN) {
    if (process::current()->Ending)
      return -EAGAIN;
    thread::yield();
  }
  return copyToUser(Buffer, Chunk, N) ? N : -EFAULT;
}

struct IoVector { // struct iovec
  uint64_t Base, Size;
};

int64_t forEach(const Arguments &A,
                int64_t (*Do)(uint64_t, uint64_t, uint64_t)) {
  if (A[2] > 1024) // IOV_MAX
    return -EINVAL;
  int64_t Total = 0;
  for (uint64_t I = 0; I != A[2]; ++I) {
    IoVector V;
    if (!getUser(V, A[1] + I * sizeof(V)))
      return Total ? Total : -EFAULT;
    int64_t N = V.Size ? Do(A[0], V.Base, V.Size) : 0;
    if (N < 0)
      return Total ? Total : N;
    Total += N;
    if (static_cast<uint64_t>(N) != V.Size)
      break;
  }
  return Total;
}

// struct stat, arch/x86/include/uapi/asm/stat.h.
struct Stat {
  uint64_t Dev, Ino, NumLinks;
  uint32_t Mode, Uid, Gid, Pad0;
  uint64_t Rdev;
  int64_t Size, BlockSize, Blocks;
  uint64_t Times[6];
  int64_t Unused[3];
};
static_assert(sizeof(Stat) == 144);

int64_t statStream(uint64_t Fd, uint64_t Out) {
  if (!isStream(Fd))
    return -EBADF;
  Stat S = {};
  S.Ino = Fd + 1;
  S.NumLinks = 1;
  S.Mode = 010620; // a pipe: neither a terminal nor a file with a position
  S.BlockSize = 4096;
  return putUser(Out, S) ? 0 : -EFAULT;
}

int64_t readLink(uint64_t PathAddress, uint64_t Buffer, uint64_t Size) {
  char Path[256];
  if (!copyStringFromUser(Path, PathAddress, sizeof(Path)))
    return -EFAULT;
  if (strcmp(Path, "/proc/self/exe"))
    return -ENOENT;
  const char *Target = process::current()->Path;
  uint64_t Length = strlen(Target);
  if (Length > Size)
    Length = Size;
  return copyToUser(Buffer, Target, Length) ? static_cast<int64_t>(Length)
                                            : -EFAULT;
}

} // namespace

int64_t sysRead(const Arguments &A) { return readBytes(A[0], A[1], A[2]); }
int64_t sysWrite(const Arguments &A) { return writeBytes(A[0], A[1], A[2]); }
int64_t sysReadv(const Arguments &A) { return forEach(A, readBytes); }
int64_t sysWritev(const Arguments &A) { return forEach(A, writeBytes); }

int64_t sysOpen(const Arguments &) { return -ENOENT; }
int64_t sysOpenat(const Arguments &) { return -ENOENT; }
int64_t sysClose(const Arguments &A) { return isStream(A[0]) ? 0 : -EBADF; }
int64_t sysLseek(const Arguments &A) {
  return isStream(A[0]) ? -ESPIPE : -EBADF;
}
int64_t sysIoctl(const Arguments &A) {
  return isStream(A[0]) ? -ENOTTY : -EBADF;
}

int64_t sysFcntl(const Arguments &A) {
  enum : uint64_t { F_GETFD = 1, F_SETFD = 2, F_GETFL = 3 };
  enum : int64_t { O_RDONLY = 0, O_WRONLY = 1 };
  if (!isStream(A[0]))
    return -EBADF;
  switch (A[1]) {
  case F_GETFD:
  case F_SETFD:
    return 0;
  case F_GETFL:
    return A[0] ? O_WRONLY : O_RDONLY;
  default:
    return -EINVAL;
  }
}

int64_t sysFstat(const Arguments &A) { return statStream(A[0], A[1]); }

int64_t sysNewfstatat(const Arguments &A) {
  enum : uint64_t { AT_EMPTY_PATH = 0x1000 };
  char Path[2];
  if ((A[3] & AT_EMPTY_PATH) && copyStringFromUser(Path, A[1], 1))
    return statStream(A[0], A[2]);
  return -ENOENT;
}

int64_t sysReadlink(const Arguments &A) { return readLink(A[0], A[1], A[2]); }
int64_t sysReadlinkat(const Arguments &A) { return readLink(A[1], A[2], A[3]); }

} // namespace syscall
