// Linux error numbers (include/uapi/asm-generic/errno-base.h and errno.h), and
// the kernel's own errno: what the last failed function of the running thread
// ran into.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef STUB_ERROR_H
#define STUB_ERROR_H

enum ErrorNumber : int {
  EPERM = 1,
  ENOENT = 2,
  ESRCH = 3,
  EINTR = 4,
  EIO = 5,
  ENXIO = 6,
  E2BIG = 7,
  ENOEXEC = 8,
  EBADF = 9,
  ECHILD = 10,
  EAGAIN = 11,
  ENOMEM = 12,
  EACCES = 13,
  EFAULT = 14,
  EBUSY = 16,
  EEXIST = 17,
  EXDEV = 18,
  ENODEV = 19,
  ENOTDIR = 20,
  EISDIR = 21,
  EINVAL = 22,
  ENFILE = 23,
  EMFILE = 24,
  ENOTTY = 25,
  ETXTBSY = 26,
  EFBIG = 27,
  ENOSPC = 28,
  ESPIPE = 29,
  EROFS = 30,
  EPIPE = 32,
  ERANGE = 34,
  EDEADLK = 35,
  ENAMETOOLONG = 36,
  ENOSYS = 38,
  ENOTEMPTY = 39,
  ELOOP = 40,
  EOVERFLOW = 75,
  EOPNOTSUPP = 95,
  ETIMEDOUT = 110,

  // What a call that process::interrupted() ended returns to have it begun
  // again. Programs never see these (Linux include/linux/errno.h); if a handler
  // runs:
  ERESTARTSYS = 512,           // EINTR, or begun again if it has SA_RESTART
  ERESTARTNOINTR = 513,        // begun again
  ERESTARTNOHAND = 514,        // EINTR
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
