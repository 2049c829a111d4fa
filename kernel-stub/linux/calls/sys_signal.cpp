// Signals: masks, handlers, sending, waiting (signal(7)).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/copy_user.h"
#include "cpu/cpu.h"
#include "lib/error.h"
#include "linux/calls/sys_time.h"
#include "linux/calls/syscall.h"
#include "linux/process/process.h"
#include "linux/signal/signal_frame.h"
#include "memory/heap.h"

namespace syscall {
namespace {

using signal::Info;
using signal::Set;

bool isSignal(uint64_t Signal) {
  return Signal >= 1 && Signal <= signal::MaxSignal;
}

// sigset_t's size, which these calls are given.
constexpr uint64_t SetSize = 8;

signal::Queued *makeQueued() {
  auto *Q = heap::make<signal::Queued>();
  if (Q)
    Q->OfHeap = true;
  return Q;
}

// kill(2) and its kin: to a thread of the running program, or to all of it if
// Tid is 0. Signal 0 only asks whether it is there.
int64_t send(int Tid, uint64_t Signal, Info I) {
  if (Signal > signal::MaxSignal)
    return -EINVAL;
  I.Signo = static_cast<int>(Signal);
  return signal::send(*process::current(), Tid, I, makeQueued()) ? 0 : -ESRCH;
}

Info fromProgram(int32_t Code) {
  Info I;
  I.Code = Code;
  I.Fields[0] = static_cast<uint32_t>(process::current()->Id); // uid 0
  return I;
}

bool isOwn(uint64_t Pid) {
  return static_cast<int>(Pid) == process::current()->Id;
}

} // namespace

int64_t sysRtSigaction(const Arguments &A) {
  uint64_t Signal = A[0];
  if (A[3] != SetSize || !isSignal(Signal))
    return -EINVAL;
  signal::Action New, Old = signal::action(Signal);
  if (A[1]) {
    if (signal::Unblockable & signal::bit(Signal))
      return -EINVAL;
    if (!getUser(New, A[1]))
      return -EFAULT;
    signal::setAction(Signal, New);
  }
  return !A[2] || putUser(A[2], Old) ? 0 : -EFAULT;
}

int64_t sysRtSigprocmask(const Arguments &A) {
  enum : int { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };
  if (A[3] != SetSize)
    return -EINVAL;
  Set Old = signal::stateOf(thread::current()).Blocked;
  if (A[1]) {
    Set New;
    if (!getUser(New, A[1]))
      return -EFAULT;
    switch (static_cast<int>(A[0])) {
    case SIG_BLOCK:
      New = Old | New;
      break;
    case SIG_UNBLOCK:
      New = Old & ~New;
      break;
    case SIG_SETMASK:
      break;
    default:
      return -EINVAL;
    }
    signal::setMask(New);
  }
  return !A[2] || putUser(A[2], Old) ? 0 : -EFAULT;
}

int64_t sysRtSigpending(const Arguments &A) {
  if (A[1] > SetSize)
    return -EINVAL;
  Set Blocked = signal::pending() & signal::stateOf(thread::current()).Blocked;
  return copyToUser(A[0], &Blocked, A[1]) ? 0 : -EFAULT;
}

int64_t sysRtSigsuspend(const Arguments &A) {
  Set New;
  if (A[1] != SetSize)
    return -EINVAL;
  if (!getUser(New, A[0]))
    return -EFAULT;
  signal::setTemporaryMask(New);
  process::sleep();
  return -ERESTARTNOHAND;
}

int64_t sysPause(const Arguments &) {
  process::sleep();
  return -ERESTARTNOHAND;
}

int64_t sysRtSigtimedwait(const Arguments &A) {
  Set Wanted;
  uint64_t Deadline = thread::NoDeadline;
  if (A[3] != SetSize)
    return -EINVAL;
  if (!getUser(Wanted, A[0]))
    return -EFAULT;
  if (A[2]) {
    if (!getTime(Deadline, A[2]))
      return -LastError;
    Deadline = deadlineIn(Deadline);
  }
  Wanted &= ~signal::Unblockable;
  struct {
    Info I;
    char Rest[80] = {};
  } Result;
  signal::await(Wanted);
  bool InTime = process::sleep(Deadline);
  bool Taken = signal::takeAwaited(Result.I);
  if (!Taken)
    return InTime ? -EINTR : -EAGAIN;
  if (A[1] && !putUser(A[1], Result))
    return -EFAULT;
  return Result.I.Signo;
}

int64_t sysRtSigreturn(const Arguments &A) {
  Set Mask;
  if (!signal_frame::pop(A.F, Mask)) {
    A.F.vector = 0;
    signal::badFrame("bad signal frame");
    return 0;
  }
  signal::setMask(Mask);
  return 0;
}

int64_t sysSigaltstack(const Arguments &A) {
  struct {
    uint64_t Start;
    uint32_t Flags, Pad;
    uint64_t Size;
  } New, Old;
  const signal::AltStack &Alt = signal::stateOf(thread::current()).Alt;
  uint32_t Mode = !Alt.Size                          ? signal::SS_DISABLE
                  : signal_frame::isOn(Alt, A.F.rsp) ? signal::SS_ONSTACK
                                                     : 0;
  Old = {Alt.Start, Mode | (Alt.Flags & signal::SS_AUTODISARM), 0, Alt.Size};
  if (A[0]) {
    if (!getUser(New, A[0]))
      return -EFAULT;
    if (int Error =
            signal_frame::setAltStack(New.Start, New.Flags, New.Size, A.F.rsp))
      return Error;
  }
  return !A[1] || putUser(A[1], Old) ? 0 : -EFAULT;
}

// 0 and -1 mean the process group and all that may be signalled: the program.
int64_t sysKill(const Arguments &A) {
  int Pid = static_cast<int>(A[0]);
  if (Pid > 0 ? !isOwn(A[0]) : Pid < -1 && !isOwn(-Pid))
    return -ESRCH;
  return send(0, A[1], fromProgram(signal::SI_USER));
}

int64_t sysTkill(const Arguments &A) {
  if (static_cast<int>(A[0]) <= 0)
    return -EINVAL;
  return send(static_cast<int>(A[0]), A[1], fromProgram(signal::SI_TKILL));
}

int64_t sysTgkill(const Arguments &A) {
  if (static_cast<int>(A[0]) <= 0 || static_cast<int>(A[1]) <= 0)
    return -EINVAL;
  if (!isOwn(A[0]))
    return -ESRCH;
  return send(static_cast<int>(A[1]), A[2], fromProgram(signal::SI_TKILL));
}

int64_t sysRtSigqueueinfo(const Arguments &A) {
  Info I;
  // To oneself, any si_code.
  if (!getUser(I, A[2]))
    return -EFAULT;
  return isOwn(A[0]) ? send(0, A[1], I) : -ESRCH;
}

int64_t sysRtTgsigqueueinfo(const Arguments &A) {
  Info I;
  if (static_cast<int>(A[0]) <= 0 || static_cast<int>(A[1]) <= 0)
    return -EINVAL;
  if (!getUser(I, A[3]))
    return -EFAULT;
  return isOwn(A[0]) ? send(static_cast<int>(A[1]), A[2], I) : -ESRCH;
}

} // namespace syscall
