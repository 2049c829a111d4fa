// Waiting for several files: poll, select, epoll.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/timer.h"
#include "lib/string.h"
#include "linux/calls/sys_file.h"
#include "linux/calls/sys_time.h"
#include "linux/fs/epoll.h"
#include "linux/signal/signal.h"

namespace syscall {
namespace {

constexpr uint64_t Never = ~0ull;
constexpr int64_t NanosecondsPerSecond = 1000000000;
// How often a file is asked that does not tell of changes.
constexpr uint64_t PollPeriod = 1000000;

// A time-out of the program's: a struct timespec or, with PerSecond of a
// million, a struct timeval.
class TimeOut {
public:
  TimeOut(uint64_t Address, int64_t PerSecond = NanosecondsPerSecond)
      : Address(Address), PerSecond(PerSecond) {}

  // Sets Deadline; a null address is no end. 0 or -errno.
  int read() {
    if (!Address)
      return 0;
    int64_t T[2];
    if (!getUser(T, Address))
      return -EFAULT;
    auto [Seconds, Fraction] = T;
    if (PerSecond != NanosecondsPerSecond) { // select(2) takes any number
      if (__builtin_add_overflow(Seconds, Fraction / PerSecond, &Seconds))
        return -EINVAL;
      Fraction %= PerSecond;
    }
    if (Seconds < 0 || Fraction < 0 || Fraction >= PerSecond)
      return -EINVAL;
    Deadline = deadlineIn(
        toTime(Seconds, Fraction * (NanosecondsPerSecond / PerSecond)));
    return 0;
  }

  // What is left, to the program, if it can be written.
  void writeRest() const {
    if (!Address)
      return;
    uint64_t Now = timer::now();
    TimeSpec Rest = toTimeSpec(Deadline > Now ? Deadline - Now : 0);
    Rest.Nanoseconds /= NanosecondsPerSecond / PerSecond;
    putUser(Address, Rest);
  }

  uint64_t Deadline = Never;

private:
  uint64_t Address;
  int64_t PerSecond;
};

// Milliseconds; negative: no end.
uint64_t deadlineInMilliseconds(uint64_t Argument) {
  auto Milliseconds = static_cast<int>(Argument);
  return Milliseconds < 0 ? Never : deadlineIn(Milliseconds * 1000000ull);
}

// Waits until Check returns something other than 0. It is given a bool to set
// when the files must be asked again and again.
template <typename Function>
int64_t waitFor(uint64_t Deadline, Function Check) {
  for (;;) {
    uint64_t Seen = file::AnyActivity.count();
    bool SilentChanges = false;
    if (int64_t Result = Check(SilentChanges))
      return Result;
    uint64_t Now = timer::now();
    if (Now >= Deadline)
      return 0;
    uint64_t Until = Deadline;
    if (SilentChanges && Until - Now > PollPeriod)
      Until = Now + PollPeriod;
    if (file::AnyActivity.wait(Seen, Until) == Event::Interrupted)
      return -ERESTARTNOHAND;
  }
}

uint32_t pollOne(int Fd, uint32_t Wanted, bool &SilentChanges) {
  FileRef F(Fd);
  if (!F || (F->flags() & O_PATH))
    return file::PollInvalid;
  SilentChanges |= F->N.changesSilently();
  // The "normal" and "band" variants of in and out are the same here.
  constexpr uint32_t RdNorm = 0x40, WrNorm = 0x100;
  uint32_t Events = F->N.poll(F->access());
  Events |= (Events & file::PollIn ? RdNorm : 0) |
            (Events & file::PollOut ? WrNorm : 0);
  return Events & (Wanted | file::PollError | file::PollHangUp);
}

// The mask of ppoll and its like: a sigset_t of 8 bytes, or null. 0 or -errno.
int useMask(uint64_t Address, uint64_t Size) {
  signal::Set Mask;
  if (!Address)
    return 0;
  if (Size != sizeof(Mask))
    return -EINVAL;
  if (!getUser(Mask, Address))
    return -EFAULT;
  signal::setTemporaryMask(Mask);
  return 0;
}

struct PollRecord { // struct pollfd
  int32_t Fd;
  uint16_t Wanted, Ready;
};

int64_t poll(uint64_t Address, uint64_t Num, uint64_t Deadline) {
  if (Num > FileTable::MaxFiles)
    return -EINVAL;
  PollRecord Few[32];
  PollRecord *Records = Few;
  if (Num > 32) {
    Records =
        static_cast<PollRecord *>(heap::allocate(Num * sizeof(PollRecord)));
    if (!Records)
      return -ENOMEM;
  }
  int64_t Result = -EFAULT;
  if (copyFromUser(Records, Address, Num * sizeof(PollRecord)))
    Result = waitFor(Deadline, [&](bool &SilentChanges) {
      int64_t NumReady = 0;
      for (uint64_t I = 0; I != Num; ++I) {
        PollRecord &R = Records[I];
        R.Ready =
            R.Fd < 0
                ? 0
                : static_cast<uint16_t>(pollOne(R.Fd, R.Wanted, SilentChanges));
        NumReady += !!R.Ready;
      }
      return NumReady;
    });
  if (Result >= 0 && !copyToUser(Address, Records, Num * sizeof(PollRecord)))
    Result = -EFAULT;
  if (Records != Few)
    heap::free(Records);
  return Result;
}

constexpr unsigned MaxSelect = FileTable::MaxFiles;
struct FdSet { // fd_set
  uint64_t Words[MaxSelect / 64] = {};

  bool has(unsigned Fd) const { return Words[Fd / 64] >> Fd % 64 & 1; }
  void set(unsigned Fd) { Words[Fd / 64] |= 1ull << Fd % 64; }
};

int64_t select(const Arguments &A, uint64_t Deadline) {
  auto Num = static_cast<int>(A[0]);
  if (Num < 0)
    return -EINVAL;
  if (Num > static_cast<int>(MaxSelect))
    Num = MaxSelect;
  // For reading, writing, exceptions.
  static constexpr uint32_t Events[3] = {file::PollIn | file::PollHangUp |
                                             file::PollError,
                                         file::PollOut | file::PollError, 0};
  FdSet In[3], Out[3];
  uint64_t Bytes = (Num + 63) / 64 * 8;
  for (int I = 0; I != 3; ++I)
    if (A[1 + I] && !copyFromUser(&In[I], A[1 + I], Bytes))
      return -EFAULT;
  int64_t Result = waitFor(Deadline, [&](bool &SilentChanges) -> int64_t {
    int64_t NumReady = 0;
    for (FdSet &S : Out)
      S = FdSet();
    for (int Fd = 0; Fd != Num; ++Fd) {
      if (!In[0].has(Fd) && !In[1].has(Fd) && !In[2].has(Fd))
        continue;
      uint32_t Ready = pollOne(Fd, file::PollIn | file::PollOut, SilentChanges);
      if (Ready & file::PollInvalid)
        return -EBADF;
      for (int I = 0; I != 3; ++I)
        if (In[I].has(Fd) && (Ready & Events[I])) {
          Out[I].set(Fd);
          ++NumReady;
        }
    }
    return NumReady;
  });
  if (Result < 0)
    return Result;
  for (int I = 0; I != 3; ++I)
    if (A[1 + I] && !copyToUser(A[1 + I], &Out[I], Bytes))
      return -EFAULT;
  return Result;
}

int64_t epollWait(const Arguments &A, uint64_t Deadline) {
  auto Max = static_cast<int>(A[2]);
  if (Max <= 0)
    return -EINVAL;
  FileRef F(A[0]);
  if (!F)
    return -EBADF;
  epoll::EventRecord Records[64];
  if (Max > 64)
    Max = 64;
  int64_t Num = waitFor(Deadline, [&](bool &SilentChanges) {
    return epoll::collect(F->N, Records, Max, SilentChanges);
  });
  if (Num > 0 && !copyToUser(A[1], Records, Num * sizeof(Records[0])))
    return -EFAULT;
  return Num;
}

} // namespace

int64_t sysPoll(const Arguments &A) {
  return poll(A[0], A[1], deadlineInMilliseconds(A[2]));
}
int64_t sysPpoll(const Arguments &A) {
  TimeOut T(A[2]);
  int Error = T.read();
  if (!Error)
    Error = useMask(A[3], A[4]);
  if (Error)
    return Error;
  int64_t Result = poll(A[0], A[1], T.Deadline);
  T.writeRest();
  return Result;
}
int64_t sysSelect(const Arguments &A) {
  TimeOut T(A[4], 1000000);
  if (int Error = T.read())
    return Error;
  int64_t Result = select(A, T.Deadline);
  T.writeRest();
  return Result;
}
int64_t sysPselect6(const Arguments &A) {
  TimeOut T(A[4]);
  int Error = T.read();
  struct {
    uint64_t Address, Size;
  } Mask = {};
  if (!Error && A[5] && !getUser(Mask, A[5]))
    Error = -EFAULT;
  if (!Error)
    Error = useMask(Mask.Address, Mask.Size);
  if (Error)
    return Error;
  int64_t Result = select(A, T.Deadline);
  T.writeRest();
  return Result;
}

int64_t sysEpollCreate(const Arguments &A) {
  return static_cast<int>(A[0]) <= 0 ? -EINVAL : addFile(epoll::make(), O_RDWR);
}
int64_t sysEpollCreate1(const Arguments &A) {
  if (A[0] & ~uint64_t(O_CLOEXEC))
    return -EINVAL;
  return addFile(epoll::make(), O_RDWR | static_cast<uint32_t>(A[0]));
}

int64_t sysEpollCtl(const Arguments &A) {
  FileRef E(A[0]), F(A[2]);
  if (!E || !F)
    return -EBADF;
  epoll::EventRecord Record = {};
  auto Operation = static_cast<int>(A[1]);
  if (Operation != epoll::Delete && !getUser(Record, A[3]))
    return -EFAULT;
  return epoll::control(E->N, Operation, static_cast<int>(A[2]), *F, Record);
}

int64_t sysEpollWait(const Arguments &A) {
  return epollWait(A, deadlineInMilliseconds(A[3]));
}
int64_t sysEpollPwait(const Arguments &A) {
  int Error = useMask(A[4], A[5]);
  return Error ? Error : epollWait(A, deadlineInMilliseconds(A[3]));
}
int64_t sysEpollPwait2(const Arguments &A) {
  TimeOut T(A[3]);
  int Error = T.read();
  if (!Error)
    Error = useMask(A[4], A[5]);
  return Error ? Error : epollWait(A, T.Deadline);
}

} // namespace syscall
