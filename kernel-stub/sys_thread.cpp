// Threads, their FS, futexes, and signals as far as they end the program.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "copy_user.h"
#include "cpu.h"
#include "error.h"
#include "process.h"
#include "sys_time.h"
#include "syscall.h"
#include "timer.h"

namespace syscall {
namespace {

const void *key(uint64_t Address) {
  return reinterpret_cast<const void *>(Address);
}

} // namespace

int64_t sysArchPrctl(const Arguments &A) {
  return mode::archPrctl(thread::current().Bases, A[0], A[1]);
}

int64_t sysClone(const Arguments &A) {
  enum : uint64_t {
    CLONE_VM = 0x100,
    CLONE_THREAD = 0x10000,
    CLONE_SETTLS = 0x80000,
    CLONE_PARENT_SETTID = 0x100000,
    CLONE_CHILD_CLEARTID = 0x200000,
    CLONE_CHILD_SETTID = 0x1000000,
  };
  uint64_t Flags = A[0], Stack = A[1], ParentTid = A[2], ChildTid = A[3],
           Tls = A[4];
  // There is one address space: no fork.
  if (!(Flags & CLONE_VM) || !(Flags & CLONE_THREAD) || !Stack)
    return -ENOSYS;
  if ((Flags & CLONE_SETTLS) &&
      !segshift_app_fs_valid(Tls, SEGSHIFT_APP_ADDRESS_LIMIT))
    return -EPERM;

  Thread *T = process::createThread(A.F);
  if (!T)
    return -LastError;
  T->frame()->rax = 0;
  T->frame()->rsp = Stack;
  mode::inheritGs(T->Bases);
  uint64_t Fs = Flags & CLONE_SETTLS ? Tls : segshift_read_fs_base();
  int Id = T->Id;
  if (!mode::setInitialFs(T->Bases, Fs) ||
      ((Flags & CLONE_PARENT_SETTID) && !putUser(ParentTid, Id)) ||
      ((Flags & CLONE_CHILD_SETTID) && !putUser(ChildTid, Id))) {
    thread::discard(*T);
    return -EFAULT;
  }
  if (Flags & CLONE_CHILD_CLEARTID)
    T->ClearChildTid = ChildTid;
  if (!process::startThread(*T)) {
    thread::discard(*T);
    return -EAGAIN;
  }
  return Id;
}

int64_t sysExit(const Arguments &A) { process::exitThread(A[0]); }
int64_t sysExitGroup(const Arguments &A) { process::exitGroup(A[0]); }

int64_t sysFutex(const Arguments &A) {
  enum : uint64_t {
    FUTEX_WAIT = 0,
    FUTEX_WAKE = 1,
    FUTEX_REQUEUE = 3,
    FUTEX_CMP_REQUEUE = 4,
    FUTEX_WAIT_BITSET = 9,
    FUTEX_WAKE_BITSET = 10,
    FUTEX_COMMAND = 0x7f,
  };
  uint64_t Address = A[0], Command = A[1] & FUTEX_COMMAND;
  uint32_t Value = A[2];
  uint64_t Deadline = thread::NoDeadline;
  switch (Command) {
  case FUTEX_WAIT:
  case FUTEX_WAIT_BITSET:
    if (A[3]) {
      if (!getTime(Deadline, A[3]))
        return -LastError;
      if (Command == FUTEX_WAIT) // relative; the other one is absolute
        Deadline += timer::now();
    }
    {
      // From the look at the value to the wait, no one may wake.
      cpu::InterruptGuard Guard;
      uint32_t Now;
      if (!getUser(Now, Address))
        return -EFAULT;
      if (Now != Value || process::current()->Ending)
        return -EAGAIN;
      return thread::wait(key(Address), Deadline) ? 0 : -ETIMEDOUT;
    }
  case FUTEX_WAKE:
  case FUTEX_WAKE_BITSET:
    return thread::wake(key(Address), Value);
  case FUTEX_CMP_REQUEUE: {
    cpu::InterruptGuard Guard;
    uint32_t Now;
    if (!getUser(Now, Address))
      return -EFAULT;
    if (Now != static_cast<uint32_t>(A[5]))
      return -EAGAIN;
    [[fallthrough]];
  }
  case FUTEX_REQUEUE: {
    cpu::InterruptGuard Guard;
    unsigned Woken = thread::wake(key(Address), Value);
    return Woken + thread::requeue(key(Address), key(A[4]), A[3]);
  }
  default:
    return -ENOSYS;
  }
}

int64_t sysGetpid(const Arguments &) { return process::current()->Id; }
int64_t sysGettid(const Arguments &) { return thread::current().Id; }

int64_t sysSetTidAddress(const Arguments &A) {
  thread::current().ClearChildTid = A[0];
  return thread::current().Id;
}

// A thread that ends while it holds a robust mutex ends with its program here.
int64_t sysSetRobustList(const Arguments &) { return 0; }

int64_t sysSchedYield(const Arguments &) {
  thread::yield();
  return 0;
}

int64_t sysSchedGetaffinity(const Arguments &A) {
  if (A[1] < 8)
    return -EINVAL;
  uint64_t Mask = 1;
  return putUser(A[2], Mask) ? 8 : -EFAULT;
}

} // namespace syscall
