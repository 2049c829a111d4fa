// Reading and writing. What goes between a file and the program goes through a
// page of the kernel: no file is locked while the program's memory is touched.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linux/calls/sys_file.h"
#include "linux/signal/signal.h"
#include "memory/memory.h"

namespace syscall {
namespace {

constexpr uint64_t MaxCount = 0x7ffff000; // MAX_RW_COUNT
constexpr uint64_t NoPosition = ~0ull;

// Room for one piece on its way: on the stack if it is small.
class Buffer {
public:
  explicit Buffer(uint64_t Size) {
    if (Size <= sizeof(Small)) {
      Data = Small;
      Room = sizeof(Small);
    } else if ((Page = memory::allocatePage())) {
      Data = static_cast<char *>(memory::direct(Page));
      Room = 4096;
    }
  }
  ~Buffer() {
    if (Page)
      memory::freePage(Page);
  }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;

  char *Data = nullptr; // null: no memory
  size_t Room = 0;

private:
  uint64_t Page = 0;
  char Small[512];
};

int64_t readStream(OpenFile &F, uint64_t Address, uint64_t Size) {
  Buffer B(Size);
  if (!B.Data)
    return -ENOMEM;
  uint64_t Done = 0;
  bool Wait = !(F.flags() & O_NONBLOCK);
  do {
    uint64_t Wanted = Size - Done < B.Room ? Size - Done : B.Room;
    int64_t N = F.N.read(B.Data, Wanted, Wait && !Done);
    if (N < 0)
      return Done ? static_cast<int64_t>(Done) : N;
    if (!copyToUser(Address + Done, B.Data, N))
      return Done ? static_cast<int64_t>(Done) : -EFAULT;
    Done += N;
    if (static_cast<uint64_t>(N) != Wanted)
      break;
  } while (Done != Size);
  return Done;
}

int64_t writeStream(OpenFile &F, uint64_t Address, uint64_t Size) {
  Buffer B(Size);
  if (!B.Data)
    return -ENOMEM;
  uint64_t Done = 0;
  bool Wait = !(F.flags() & O_NONBLOCK);
  do {
    uint64_t Wanted = Size - Done < B.Room ? Size - Done : B.Room;
    int64_t N = -EFAULT;
    if (copyFromUser(B.Data, Address + Done, Wanted))
      N = F.N.write(B.Data, Wanted, Wait);
    if (N < 0)
      return Done ? static_cast<int64_t>(Done) : N;
    Done += N;
    if (static_cast<uint64_t>(N) != Wanted)
      break;
  } while (Done != Size);
  return Done;
}

// Position is moved.
int64_t readFile(Node &N, uint64_t &Position, uint64_t Address, uint64_t Size) {
  Buffer B(Size);
  if (!B.Data)
    return -ENOMEM;
  uint64_t Done = 0;
  while (Done != Size) {
    uint64_t Wanted = Size - Done < B.Room ? Size - Done : B.Room;
    int64_t Got = N.readAt(Position, B.Data, Wanted);
    if (Got > 0 && !copyToUser(Address + Done, B.Data, Got))
      Got = -EFAULT;
    if (Got < 0)
      return Done ? static_cast<int64_t>(Done) : Got;
    Done += Got;
    Position += Got;
    if (static_cast<uint64_t>(Got) != Wanted)
      break;
  }
  return Done;
}

int64_t writeFile(Node &N, uint64_t &Position, bool Append, uint64_t Address,
                  uint64_t Size) {
  Buffer B(Size);
  if (!B.Data)
    return -ENOMEM;
  uint64_t Done = 0;
  while (Done != Size) {
    uint64_t Wanted = Size - Done < B.Room ? Size - Done : B.Room;
    int64_t Put = -EFAULT;
    if (copyFromUser(B.Data, Address + Done, Wanted)) {
      if (Append) {
        Put = N.append(B.Data, Wanted, Position);
      } else {
        Put = N.writeAt(Position, B.Data, Wanted);
        if (Put > 0)
          Position += Put;
      }
    }
    if (Put < 0)
      return Done ? static_cast<int64_t>(Done) : Put;
    Done += Put;
    if (static_cast<uint64_t>(Put) != Wanted)
      break;
  }
  return Done;
}

struct Range {
  uint64_t Address, Size;
};

// One range of one call. At: where in the file, or null for a stream.
int64_t transfer(OpenFile &F, bool Write, Range R, uint64_t *At) {
  if (!At)
    return Write ? writeStream(F, R.Address, R.Size)
                 : readStream(F, R.Address, R.Size);
  return Write ? writeFile(F.N, *At, F.flags() & O_APPEND, R.Address, R.Size)
               : readFile(F.N, *At, R.Address, R.Size);
}

// Any of the calls: NumRanges ranges, at Offset or, with NoPosition, at the
// file's own position.
template <typename NextRange>
int64_t transferAll(uint64_t Fd, bool Write, uint64_t Offset,
                    uint64_t NumRanges, NextRange Next) {
  FileRef F(Fd);
  if (!F || !(F->access() & (Write ? file::Writable : file::Readable)))
    return -EBADF;
  bool IsStream = F->N.isStream(), HasOffset = Offset != NoPosition;
  if (IsStream && HasOffset)
    return -ESPIPE;
  if (HasOffset && static_cast<int64_t>(Offset) < 0)
    return -EINVAL;
  uint64_t *At = IsStream ? nullptr : HasOffset ? &Offset : &F->Position;
  if (At == &F->Position)
    F->PositionLock.lock();
  int64_t Total = 0;
  for (uint64_t I = 0; I != NumRanges; ++I) {
    Range R;
    int64_t N = Next(I, R);
    if (!N) {
      if (R.Size > MaxCount - Total)
        R.Size = MaxCount - Total;
      // An empty read or write tells of errors, but of no end.
      if (!R.Size && (I || NumRanges != 1))
        continue;
      N = transfer(*F, Write, R, At);
    }
    if (N < 0) {
      if (!Total)
        Total = N;
      break;
    }
    Total += N;
    if (static_cast<uint64_t>(N) != R.Size)
      break;
    if (IsStream && !Write) // more might have to be waited for
      if (!(F->N.poll(F->access()) & file::PollIn))
        break;
  }
  if (At == &F->Position)
    F->PositionLock.unlock();
  if (Total == -EPIPE)
    signal::raise(SIGPIPE);
  return Total;
}

int64_t single(const Arguments &A, bool Write, uint64_t Offset) {
  return transferAll(A[0], Write, Offset, 1,
                     [&](uint64_t, Range &R) -> int64_t {
                       R = {A[1], A[2]};
                       return 0;
                     });
}

int64_t vector(const Arguments &A, bool Write, uint64_t Offset) {
  if (A[2] > 1024) // IOV_MAX
    return -EINVAL;
  return transferAll(A[0], Write, Offset, A[2],
                     [&](uint64_t I, Range &R) -> int64_t {
                       if (!getUser(R, A[1] + I * sizeof(R))) // struct iovec
                         return -EFAULT;
                       return static_cast<int64_t>(R.Size) < 0 ? -EINVAL : 0;
                     });
}

} // namespace

int64_t sysRead(const Arguments &A) { return single(A, false, NoPosition); }
int64_t sysWrite(const Arguments &A) { return single(A, true, NoPosition); }
int64_t sysPread64(const Arguments &A) {
  return A[3] == NoPosition ? -EINVAL : single(A, false, A[3]);
}
int64_t sysPwrite64(const Arguments &A) {
  return A[3] == NoPosition ? -EINVAL : single(A, true, A[3]);
}
int64_t sysReadv(const Arguments &A) { return vector(A, false, NoPosition); }
int64_t sysWritev(const Arguments &A) { return vector(A, true, NoPosition); }
int64_t sysPreadv(const Arguments &A) {
  return A[3] == NoPosition ? -EINVAL : vector(A, false, A[3]);
}
int64_t sysPwritev(const Arguments &A) {
  return A[3] == NoPosition ? -EINVAL : vector(A, true, A[3]);
}
// With flags, of which some are hints here, and -1 for the file's position.
enum : uint64_t { RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4 };
constexpr uint64_t KnownRwf = RWF_HIPRI | RWF_DSYNC | RWF_SYNC;
int64_t sysPreadv2(const Arguments &A) {
  return A[5] & ~KnownRwf ? -EOPNOTSUPP : vector(A, false, A[3]);
}
int64_t sysPwritev2(const Arguments &A) {
  return A[5] & ~KnownRwf ? -EOPNOTSUPP : vector(A, true, A[3]);
}

int64_t sysLseek(const Arguments &A) {
  enum : uint64_t { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE };
  FileRef F(A[0]);
  if (!F || (F->flags() & O_PATH))
    return -EBADF;
  if (F->N.isStream())
    return -ESPIPE;
  if (F->N.type() == file::CharacterDevice)
    return 0;
  MutexGuard Guard(F->PositionLock);
  auto Offset = static_cast<int64_t>(A[1]);
  int64_t Base = 0, Size = F->N.isDirectory() ? 0 : F->N.size(), New;
  switch (A[2]) {
  case SEEK_SET:
    break;
  case SEEK_CUR:
    Base = F->Position;
    break;
  case SEEK_END:
    Base = Size;
    break;
  case SEEK_DATA: // all is data
  case SEEK_HOLE:
    if (Offset < 0 || Offset >= Size)
      return -ENXIO;
    Base = A[2] == SEEK_HOLE ? Size - Offset : 0;
    break;
  default:
    return -EINVAL;
  }
  if (__builtin_add_overflow(Base, Offset, &New))
    return -EOVERFLOW;
  if (New < 0)
    return -EINVAL;
  F->Position = New;
  return New;
}

int64_t sysSendfile(const Arguments &A) {
  FileRef Out(A[0]), In(A[1]);
  if (!Out || !In || !(Out->access() & file::Writable) ||
      !(In->access() & file::Readable))
    return -EBADF;
  if (In->N.isStream() || In->N.isDirectory() || (Out->flags() & O_APPEND))
    return -EINVAL;
  uint64_t Given;
  if (A[2] && !getUser(Given, A[2]))
    return -EFAULT;
  uint64_t Size = A[3] < MaxCount ? A[3] : MaxCount, Done = 0;
  Buffer B(Size);
  if (!B.Data)
    return -ENOMEM;
  int64_t Error = 0;
  while (Done != Size && !Error) {
    uint64_t At = (A[2] ? Given : In->Position);
    int64_t N =
        In->N.readAt(At, B.Data, Size - Done < B.Room ? Size - Done : B.Room);
    if (N <= 0) {
      Error = N;
      break;
    }
    int64_t Put;
    if (Out->N.isStream()) {
      Put = Out->N.write(B.Data, N, !(Out->flags() & O_NONBLOCK));
    } else {
      MutexGuard Guard(Out->PositionLock);
      Put = Out->N.writeAt(Out->Position, B.Data, N);
      if (Put > 0)
        Out->Position += Put;
    }
    if (Put < 0) {
      Error = Put;
      break;
    }
    (A[2] ? Given : In->Position) = At + Put;
    Done += Put;
    if (Put != N)
      break;
  }
  if (A[2] && !putUser(A[2], Given))
    return -EFAULT;
  return Done ? static_cast<int64_t>(Done) : Error;
}

// As between file systems that cannot: callers fall back to read and write.
int64_t sysCopyFileRange(const Arguments &A) { return A[5] ? -EINVAL : -EXDEV; }

// A file's memory is the file: there is nothing to write to.
int64_t sysFsync(const Arguments &A) {
  FileRef F(A[0]);
  if (!F || (F->flags() & O_PATH))
    return -EBADF;
  return F->N.type() == file::Regular || F->N.isDirectory() ? 0 : -EINVAL;
}
int64_t sysSyncfs(const Arguments &A) {
  FileRef F(A[0]);
  return F && !(F->flags() & O_PATH) ? 0 : -EBADF;
}
int64_t sysSync(const Arguments &) { return 0; }
int64_t sysSyncFileRange(const Arguments &A) {
  FileRef F(A[0]);
  if (!F || (F->flags() & O_PATH))
    return -EBADF;
  int64_t End;
  auto Offset = static_cast<int64_t>(A[1]), Size = static_cast<int64_t>(A[2]);
  if ((A[3] & 0xffffffff & ~7ull) || Offset < 0 || Size < 0 ||
      __builtin_add_overflow(Offset, Size, &End))
    return -EINVAL;
  return F->N.type() == file::Regular || F->N.isDirectory() ? 0 : -ESPIPE;
}

int64_t sysFadvise64(const Arguments &A) {
  enum : int { POSIX_FADV_NOREUSE = 5 };
  FileRef F(A[0]);
  if (!F || (F->flags() & O_PATH))
    return -EBADF;
  if (F->N.type() == file::PipeType)
    return -ESPIPE;
  auto Advice = static_cast<int>(A[3]);
  return static_cast<int64_t>(A[2]) < 0 || Advice < 0 ||
                 Advice > POSIX_FADV_NOREUSE
             ? -EINVAL
             : 0;
}

} // namespace syscall
