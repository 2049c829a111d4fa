// Futexes and robust lists, as system calls.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/copy_user.h"
#include "device/calendar.h"
#include "lib/error.h"
#include "linux/calls/sys_time.h"
#include "linux/calls/syscall.h"
#include "linux/process/futex.h"
#include "linux/process/process.h"
#include "linux/process/robust_list.h"

namespace syscall {
namespace {

// What a wait that was interrupted returns. A relative time-out must not begin
// anew.
int64_t interruptedWait(const Arguments &A, bool IsRelative,
                        uint64_t Deadline) {
  if (Deadline == thread::NoDeadline)
    return -ERESTARTSYS;
  if (!IsRelative)
    return -ERESTARTNOHAND;
  return restart({Restart::Futex, Deadline, A[0], static_cast<uint32_t>(A[2])});
}

int64_t wait(const Arguments &A, bool IsBitset, bool IsRealtime) {
  uint64_t Deadline = thread::NoDeadline;
  if (A[3]) {
    if (!getTime(Deadline, A[3]))
      return -LastError;
    if (!IsBitset)
      Deadline = deadlineIn(Deadline);
    else if (IsRealtime)
      Deadline = calendar::toTimer(Deadline);
  }
  uint32_t Bits = IsBitset ? static_cast<uint32_t>(A[5]) : ~0u;
  if (!Bits)
    return -EINVAL;
  int64_t Result = futex::wait(A[0], A[2], Bits, Deadline);
  return Result == -EINTR ? interruptedWait(A, !IsBitset, Deadline) : Result;
}

} // namespace

int64_t sysFutex(const Arguments &A) {
  enum : uint32_t {
    FUTEX_WAIT = 0,
    FUTEX_WAKE = 1,
    FUTEX_REQUEUE = 3,
    FUTEX_CMP_REQUEUE = 4,
    FUTEX_WAKE_OP = 5,
    FUTEX_WAIT_BITSET = 9,
    FUTEX_WAKE_BITSET = 10,
    FUTEX_PRIVATE = 128,
    FUTEX_CLOCK_REALTIME = 256,
  };
  auto Operation = static_cast<uint32_t>(A[1]);
  uint32_t Command = Operation & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);
  bool IsRealtime = Operation & FUTEX_CLOCK_REALTIME;
  if (IsRealtime && Command != FUTEX_WAIT_BITSET)
    return -ENOSYS;
  auto Value = static_cast<uint32_t>(A[2]);
  // The fourth argument is a time or a number.
  auto Value2 = static_cast<uint32_t>(A[3]),
       Value3 = static_cast<uint32_t>(A[5]);
  switch (Command) {
  case FUTEX_WAIT:
  case FUTEX_WAIT_BITSET:
    return wait(A, Command == FUTEX_WAIT_BITSET, IsRealtime);
  case FUTEX_WAKE:
    return futex::wake(A[0], Value);
  case FUTEX_WAKE_BITSET:
    return Value3 ? futex::wake(A[0], Value, Value3) : -EINVAL;
  case FUTEX_REQUEUE:
  case FUTEX_CMP_REQUEUE:
    if (static_cast<int32_t>(Value) < 0 || static_cast<int32_t>(Value2) < 0)
      return -EINVAL;
    return futex::requeue(A[0], Value, A[4], Value2,
                          Command == FUTEX_CMP_REQUEUE ? &Value3 : nullptr);
  case FUTEX_WAKE_OP:
    return futex::wakeOp(A[0], Value, A[4], Value2, Value3);
  default:
    return -ENOSYS; // with priority inheritance
  }
}

int64_t sysSetRobustList(const Arguments &A) {
  if (A[1] != robust_list::HeadSize)
    return -EINVAL;
  thread::current().RobustList = A[0];
  return 0;
}

int64_t sysGetRobustList(const Arguments &A) {
  uint64_t Head = 0;
  bool Found = false;
  auto Tid = static_cast<int>(A[0]);
  {
    cpu::LockGuard Guard(process::StateLock);
    for (Thread *T = process::current()->Threads; T; T = T->NextInProcess)
      if (Tid ? T->Id == Tid : T == &thread::current()) {
        Head = T->RobustList;
        Found = true;
      }
  }
  if (!Found)
    return -ESRCH;
  uint64_t Size = robust_list::HeadSize;
  return putUser(A[1], Head) && putUser(A[2], Size) ? 0 : -EFAULT;
}

} // namespace syscall
