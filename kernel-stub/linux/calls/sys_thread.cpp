// Threads: their start and end, and their FS.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/copy_user.h"
#include "lib/error.h"
#include "linux/calls/syscall.h"
#include "linux/process/process.h"

namespace syscall {
namespace {

// linux/sched.h
enum : uint64_t {
  CSIGNAL = 0xff, // in clone(2): the signal to the parent
  CLONE_VM = 0x100,
  CLONE_FS = 0x200,
  CLONE_FILES = 0x400,
  CLONE_SIGHAND = 0x800,
  CLONE_PTRACE = 0x2000,
  CLONE_PARENT = 0x8000,
  CLONE_THREAD = 0x10000,
  CLONE_SYSVSEM = 0x40000,
  CLONE_SETTLS = 0x80000,
  CLONE_PARENT_SETTID = 0x100000,
  CLONE_CHILD_CLEARTID = 0x200000,
  CLONE_DETACHED = 0x400000,
  CLONE_UNTRACED = 0x800000,
  CLONE_CHILD_SETTID = 0x1000000,
  CLONE_IO = 0x80000000,
  CLONE_CLEAR_SIGHAND = 0x100000000,
  // What a thread of the same program may ask for; of the rest, some make no
  // sense for it, and some are parts of Linux that are not here.
  Allowed = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_PTRACE |
            CLONE_PARENT | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
            CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED |
            CLONE_UNTRACED | CLONE_CHILD_SETTID | CLONE_IO,
};

// Of struct clone_args: what is common to clone(2) and clone3(2).
struct CloneArguments {
  uint64_t Flags, StackTop, ParentTid, ChildTid, Tls;
};

int check(const CloneArguments &C) {
  // There is one address space: no fork. vfork(2) and posix_spawn(3) are of the
  // kind too: a process of its own.
  if (!(C.Flags & CLONE_VM) || !(C.Flags & CLONE_THREAD)) {
    bool Bad = (C.Flags & CLONE_THREAD) ||
               ((C.Flags & CLONE_SIGHAND) && !(C.Flags & CLONE_VM));
    return Bad ? -EINVAL : -ENOSYS;
  }
  if (!(C.Flags & CLONE_SIGHAND) || (C.Flags & ~Allowed))
    return -EINVAL;
  // Two descriptor tables or two working directories in a program: not here.
  if (!(C.Flags & CLONE_FILES) || !(C.Flags & CLONE_FS))
    return -EINVAL;
  if ((C.Flags & CLONE_SETTLS) &&
      !segshift_app_fs_valid(C.Tls, SEGSHIFT_APP_ADDRESS_LIMIT))
    return -EPERM;
  return C.StackTop < SEGSHIFT_APP_ADDRESS_LIMIT ? 0 : -EINVAL;
}

int64_t clone(const Frame &F, const CloneArguments &C) {
  if (int Error = check(C))
    return Error;
  Thread *T = process::createThread(F);
  if (!T)
    return -LastError;
  T->frame()->rax = 0;
  if (C.StackTop)
    T->frame()->rsp = C.StackTop;
  mode::inheritGs(T->Bases);
  uint64_t Fs = C.Flags & CLONE_SETTLS ? C.Tls : mode::programFs();
  int Id = T->Id;
  int Error = 0;
  if (!mode::setInitialFs(T->Bases, Fs) ||
      ((C.Flags & CLONE_PARENT_SETTID) && !putUser(C.ParentTid, Id)) ||
      ((C.Flags & CLONE_CHILD_SETTID) && !putUser(C.ChildTid, Id)))
    Error = -EFAULT;
  if (C.Flags & CLONE_CHILD_CLEARTID)
    T->ClearChildTid = C.ChildTid;
  if (!Error && process::startThread(*T))
    return Id;
  thread::discard(*T);
  return Error ? Error : -EAGAIN;
}

} // namespace

int64_t sysArchPrctl(const Arguments &A) {
  return mode::archPrctl(thread::current().Bases, A[0], A[1]);
}

int64_t sysClone(const Arguments &A) {
  return clone(A.F, {A[0] & ~CSIGNAL & 0xffffffff, A[1], A[2], A[3], A[4]});
}

int64_t sysClone3(const Arguments &A) {
  struct { // struct clone_args, in its first, second and third version
    uint64_t Flags, PidFd, ChildTid, ParentTid, ExitSignal, Stack, StackSize,
        Tls;
    uint64_t SetTid, SetTidSize;
    uint64_t Cgroup;
  } New = {};
  constexpr uint64_t FirstSize = 64, PageSize = 4096;
  uint64_t Size = A[1];
  if (Size < FirstSize)
    return -EINVAL;
  if (Size > PageSize)
    return -E2BIG;
  if (!copyFromUser(&New, A[0], Size < sizeof(New) ? Size : sizeof(New)))
    return -EFAULT;
  // What is not known must be 0.
  for (uint64_t I = sizeof(New); I < Size; ++I) {
    uint8_t Byte;
    if (!getUser(Byte, A[0] + I))
      return -EFAULT;
    if (Byte)
      return -E2BIG;
  }
  if ((New.Flags & CSIGNAL) || New.ExitSignal > CSIGNAL || New.SetTid ||
      New.SetTidSize || !New.Stack != !New.StackSize ||
      New.StackSize > SEGSHIFT_APP_ADDRESS_LIMIT ||
      New.Stack >= SEGSHIFT_APP_ADDRESS_LIMIT)
    return -EINVAL;
  if ((New.Flags & (CLONE_THREAD | CLONE_PARENT)) && New.ExitSignal)
    return -EINVAL;
  return clone(A.F, {New.Flags, New.Stack + New.StackSize, New.ParentTid,
                     New.ChildTid, New.Tls});
}

int64_t sysExit(const Arguments &A) { process::exitThread(A[0]); }
int64_t sysExitGroup(const Arguments &A) { process::exitGroup(A[0]); }

int64_t sysGettid(const Arguments &) { return thread::current().Id; }

int64_t sysSetTidAddress(const Arguments &A) {
  thread::current().ClearChildTid = A[0];
  return thread::current().Id;
}

} // namespace syscall
