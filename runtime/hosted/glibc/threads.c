/* glibc's threads, made by the host. In place of its pthread_create, _exit,
 * _join, _detach and _cancel, and of its fork.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "threads.h"

#include "../src/linux.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

_Noreturn void ___pthread_unwind_next(__pthread_unwind_buf_t *buffer);

static const struct segshift_host *host;

/* Of each thread that the world has made. */
enum state { OfHost, Running, HasEnded };
static _Thread_local struct own {
  int state; /* a futex */
  bool is_detached;
  void *result;
} own;

/* Blocks are all alike. */
static struct own *own_of(pthread_t thread) {
  return (struct own *)((char *)&own - (char *)pthread_self() + thread);
}

void threads_init(const struct segshift_host *of) { host = of; }

void tell_exception(const void *from, const void *to) {
  if (host)
    host->exception_leaves(from, to);
}

/* On the creator's stack until `is_ready`, a futex. */
struct creation {
  void *(*function)(void *);
  void *argument;
  const pthread_attr_t *attributes; /* null: none */
  bool is_c11;                      /* `function` gives an int */
  bool is_detached;
  int error, is_ready;
};

static int apply_schedule(const pthread_attr_t *attributes) {
  int inherits, policy;
  struct sched_param parameters;
  pthread_attr_getinheritsched(attributes, &inherits);
  if (inherits != PTHREAD_EXPLICIT_SCHED)
    return 0;
  pthread_attr_getschedpolicy(attributes, &policy);
  pthread_attr_getschedparam(attributes, &parameters);
  return pthread_setschedparam(pthread_self(), policy, &parameters);
}

/* What only the thread itself can do, or does best. */
static int apply(const pthread_attr_t *attributes) {
  if (!attributes)
    return 0;
  cpu_set_t cpus;
  sigset_t signals;
  if (!pthread_attr_getaffinity_np(attributes, sizeof(cpus), &cpus) &&
      CPU_COUNT(&cpus) && CPU_COUNT(&cpus) < CPU_SETSIZE) {
    int error = pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
    if (error)
      return error;
  }
  /* glibc's timers block one that pthread_sigmask leaves alone. */
  if (!pthread_attr_getsigmask_np(attributes, &signals))
    linux_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&signals, 0, 8, 0, 0);
  return apply_schedule(attributes);
}

static void *call(const struct creation *creation) {
  if (!creation->is_c11)
    return creation->function(creation->argument);
  union {
    void *(*posix)(void *);
    int (*c11)(void *);
  } function = {creation->function};
  return (void *)(intptr_t)function.c11(creation->argument);
}

static void run(void *argument) {
  struct creation *shared = argument, creation = *shared;
  own.state = Running;
  own.is_detached = creation.is_detached;
  creation.error = apply(creation.attributes);
  shared->error = creation.error;
  __atomic_store_n(&shared->is_ready, 1, __ATOMIC_RELEASE);
  linux_call(SYS_futex, (long)&shared->is_ready, 129, 1, 0, 0, 0);
  if (creation.error)
    return;
  __pthread_unwind_buf_t outermost; /* pthread_exit unwinds to here */
  if (!__sigsetjmp((struct __jmp_buf_tag *)outermost.__cancel_jmp_buf, 0)) {
    __pthread_register_cancel(&outermost);
    own.result = call(&creation);
  }
}

static void read_attributes(const pthread_attr_t *from,
                            struct segshift_thread *thread) {
  int state;
  pthread_attr_getstack(from, &thread->stack, &thread->stack_size);
  /* If none is given, its end is at 0. */
  if ((uintptr_t)thread->stack + thread->stack_size == 0)
    thread->stack = NULL;
  if (!thread->stack)
    pthread_attr_getstacksize(from, &thread->stack_size);
  pthread_attr_getguardsize(from, &thread->guard_size);
  pthread_attr_getdetachstate(from, &state);
  thread->is_detached = state == PTHREAD_CREATE_DETACHED;
}

int __pthread_create(pthread_t *restrict out,
                     const pthread_attr_t *restrict attributes,
                     void *(*function)(void *), void *restrict argument) {
  static const pthread_attr_t *const C11 = (void *)-1;
  struct creation creation = {.function = function,
                              .argument = argument,
                              .attributes =
                                  attributes == C11 ? NULL : attributes,
                              .is_c11 = attributes == C11};
  struct segshift_thread thread = {.run = run, .argument = &creation};
  if (creation.attributes)
    read_attributes(attributes, &thread);
  creation.is_detached = thread.is_detached;
  void *tp;
  int error = -host->thread_create(&thread, &tp);
  if (error)
    return error == ENOMEM ? EAGAIN : error;
  while (!__atomic_load_n(&creation.is_ready, __ATOMIC_ACQUIRE))
    linux_call(SYS_futex, (long)&creation.is_ready, 128, 0, 0, 0, 0);
  if (!creation.error)
    *out = (pthread_t)tp;
  else if (!thread.is_detached && !host->thread_join(tp))
    host->thread_release(tp);
  return creation.error;
}
int pthread_create(pthread_t *restrict, const pthread_attr_t *restrict,
                   void *(*)(void *), void *restrict)
    __attribute__((alias("__pthread_create")));

_Noreturn void __pthread_exit(void *result) {
  if (own.state == OfHost) {
    fputs("segshift: pthread_exit in the world, in a thread that the host has "
          "made\n",
          stderr);
    abort();
  }
  own.result = result;
  __pthread_unwind_buf_t here;
  __pthread_register_cancel(&here);
  ___pthread_unwind_next(&here);
}
_Noreturn void pthread_exit(void *) __attribute__((alias("__pthread_exit")));

void thread_has_ended(void) {
  if (own.state != Running)
    return;
  __atomic_store_n(&own.state, HasEnded, __ATOMIC_RELEASE);
  linux_call(SYS_futex, (long)&own.state, 129, 1, 0, 0, 0);
}

/* 0, or ETIMEDOUT. */
static int wait_for_end(struct own *of, clockid_t clock,
                        const struct timespec *until) {
  enum {
    WaitBitset = 9,
    Private = 128,
    Realtime = 256,
    Any = -1,
    Timeout = 110
  };
  int operation =
      WaitBitset | Private | (clock == CLOCK_REALTIME ? Realtime : 0);
  while (__atomic_load_n(&of->state, __ATOMIC_ACQUIRE) == Running)
    if (linux_call(SYS_futex, (long)&of->state, operation, Running, (long)until,
                   0, Any) == -Timeout)
      return ETIMEDOUT;
  return 0;
}

/* glibc's own for all kinds of join. */
int __pthread_clockjoin_ex(pthread_t thread, void **result, clockid_t clock,
                           const struct timespec *until, bool is_blocking) {
  struct own *of = own_of(thread);
  if (of->state == OfHost || of->is_detached)
    return EINVAL;
  if (thread == pthread_self())
    return EDEADLK;
  if (!is_blocking && of->state == Running)
    return EBUSY;
  if (until && (until->tv_nsec < 0 || until->tv_nsec >= 1000000000))
    return EINVAL;
  int error = until ? wait_for_end(of, clock, until) : 0;
  if (!error)
    error = -host->thread_join((void *)thread);
  if (error)
    return error;
  if (result)
    *result = of->result;
  host->thread_release((void *)thread);
  return 0;
}

int __pthread_detach(pthread_t thread) {
  struct own *of = own_of(thread);
  if (of->state == OfHost || of->is_detached)
    return EINVAL;
  of->is_detached = true;
  return -host->thread_detach((void *)thread);
}
int pthread_detach(pthread_t) __attribute__((alias("__pthread_detach")));

/* The host's handlers run, and with them fork.c's, which run the world's. */
pid_t __libc_fork(void) {
  int result = host->fork();
  if (result >= 0)
    return result;
  errno = -result;
  return -1;
}
pid_t __fork(void) __attribute__((alias("__libc_fork")));
pid_t fork(void) __attribute__((alias("__libc_fork")));

/* Linux has one list of them for each thread, and it is the host's. */
int pthread_mutexattr_setrobust(pthread_mutexattr_t *attributes, int robust) {
  (void)attributes;
  return robust == PTHREAD_MUTEX_STALLED  ? 0
         : robust == PTHREAD_MUTEX_ROBUST ? ENOTSUP
                                          : EINVAL;
}

/* It would take a signal of the host's C library. */
int __pthread_cancel(pthread_t thread) {
  (void)thread;
  return ENOSYS;
}
int pthread_cancel(pthread_t) __attribute__((alias("__pthread_cancel")));
