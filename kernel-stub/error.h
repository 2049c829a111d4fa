// Linux error numbers (include/uapi/asm-generic/errno-base.h), and the kernel's
// own errno: what the last failed function of the running thread ran into.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_ERROR_H
#define STUB_ERROR_H

enum ErrorNumber : int {
  EPERM = 1,
  ENOENT = 2,
  ESRCH = 3,
  EINTR = 4,
  E2BIG = 7,
  EBADF = 9,
  EAGAIN = 11,
  ENOMEM = 12,
  EFAULT = 14,
  EEXIST = 17,
  EINVAL = 22,
  ENOTTY = 25,
  ESPIPE = 29,
  ENOSYS = 38,
  ETIMEDOUT = 110,

  // What a call that process::interrupted() ended returns to have it begun again.
  // Programs never see these (Linux include/linux/errno.h); if a handler runs:
  ERESTARTSYS = 512,          // EINTR, or begun again if it has SA_RESTART
  ERESTARTNOINTR = 513,       // begun again
  ERESTARTNOHAND = 514,       // EINTR
  ERESTART_RESTARTBLOCK = 516, // EINTR; else restart_syscall(2) goes on with it
};

// Set by functions that return false and say so. A thread-local of the kernel;
// the program's errno is another, behind FS.
extern __thread ErrorNumber LastError;

inline bool fail(ErrorNumber E) {
  LastError = E;
  return false;
}

#endif
