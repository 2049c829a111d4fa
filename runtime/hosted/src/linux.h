/* System calls of Linux on x86-64, without any C library's errno.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_HOSTED_LINUX_H
#define SEGSHIFT_HOSTED_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SYS_write = 1,
  SYS_mmap = 9,
  SYS_rt_sigprocmask = 14,
  SYS_getpid = 39,
  SYS_arch_prctl = 158,
  SYS_gettid = 186,
  SYS_futex = 202,
  SYS_tgkill = 234,
};
enum {
  ESRCH_ = 3,
  EIO_ = 5,
  EAGAIN_ = 11,
  ENOMEM_ = 12,
  EFAULT_ = 14,
  EBUSY_ = 16,
  ENODEV_ = 19,
  EINVAL_ = 22,
};

static inline long linux_call(long number, long a, long b, long c, long d,
                              long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                     "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

/* Blocks all signals; returns the mask for signals_restore. */
static inline uint64_t signals_block(void) {
  uint64_t all = ~(uint64_t)0, old = 0;
  linux_call(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, (long)&all, (long)&old, 8,
             0, 0);
  return old;
}

static inline void signals_restore(uint64_t old) {
  linux_call(SYS_rt_sigprocmask, 2, (long)&old, 0, 8, 0, 0);
}

static inline int linux_gettid(void) {
  return (int)linux_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

/* A lock that sleeps (futex(2)); signals are blocked while it is held. 0 free,
 * 1 held, 2 held and someone may wait. */
static inline void futex_lock(int *lock) {
  int state = 0;
  if (__atomic_compare_exchange_n(lock, &state, 1, 0, __ATOMIC_ACQUIRE,
                                  __ATOMIC_RELAXED))
    return;
  while (__atomic_exchange_n(lock, 2, __ATOMIC_ACQUIRE))
    linux_call(SYS_futex, (long)lock, 128 /* FUTEX_WAIT_PRIVATE */, 2, 0, 0, 0);
}

static inline void futex_unlock(int *lock) {
  if (__atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) == 2)
    linux_call(SYS_futex, (long)lock, 129 /* FUTEX_WAKE_PRIVATE */, 1, 0, 0, 0);
}

#endif
