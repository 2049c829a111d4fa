/* musl's threads, made by the host. In place of its pthread_create, _exit,
 * _join, _detach and _cancel.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "thread.h"

#include "../src/linux.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

SEGSHIFT_HIDDEN int __timedwait(volatile int *at, int value, clockid_t clock,
                                const struct timespec *until, int is_private);

static const struct segshift_host *host;
static _Thread_local bool is_worlds; /* this thread is the world's own */

void threads_init(const struct segshift_host *of) { host = of; }

/* On the creator's stack until `is_ready`, a futex. */
struct creation {
  void *(*function)(void *);
  void *argument;
  bool is_c11; /* `function` gives an int */
  bool has_schedule;
  int policy;
  struct sched_param parameters;
  int detach_state;
  int error, is_ready;
};

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
  struct thread *thread = (void *)pthread_self();
  is_worlds = true;
  thread->detach_state = creation.detach_state;
  if (creation.has_schedule)
    creation.error = pthread_setschedparam(pthread_self(), creation.policy,
                                           &creation.parameters);
  shared->error = creation.error;
  __atomic_store_n(&shared->is_ready, 1, __ATOMIC_RELEASE);
  linux_call(SYS_futex, (long)&shared->is_ready, 129, 1, 0, 0, 0);
  if (!creation.error)
    thread->result = call(&creation);
}

static void read_attributes(const pthread_attr_t *from,
                            struct segshift_thread *thread,
                            struct creation *creation) {
  int state, inherits;
  if (pthread_attr_getstack(from, &thread->stack, &thread->stack_size)) {
    thread->stack = NULL;
    pthread_attr_getstacksize(from, &thread->stack_size);
  }
  pthread_attr_getguardsize(from, &thread->guard_size);
  pthread_attr_getdetachstate(from, &state);
  thread->is_detached = state == PTHREAD_CREATE_DETACHED;
  pthread_attr_getinheritsched(from, &inherits);
  creation->has_schedule = inherits == PTHREAD_EXPLICIT_SCHED;
  pthread_attr_getschedpolicy(from, &creation->policy);
  pthread_attr_getschedparam(from, &creation->parameters);
}

int __pthread_create(pthread_t *restrict out,
                     const pthread_attr_t *restrict attributes,
                     void *(*function)(void *), void *restrict argument) {
  static const pthread_attr_t *const C11 = (void *)-1;
  struct creation creation = {
      .function = function, .argument = argument, .is_c11 = attributes == C11};
  struct segshift_thread thread = {.run = run, .argument = &creation};
  if (attributes && attributes != C11)
    read_attributes(attributes, &thread, &creation);
  creation.detach_state = thread.is_detached ? DT_DETACHED : DT_JOINABLE;
  void *tp;
  int error = -host->thread_create(&thread, &tp);
  if (error)
    return error == ENOMEM ? EAGAIN : error;
  while (!__atomic_load_n(&creation.is_ready, __ATOMIC_ACQUIRE))
    linux_call(SYS_futex, (long)&creation.is_ready, 128, 0, 0, 0, 0);
  if (!creation.error)
    *out = tp;
  else if (!thread.is_detached && !host->thread_join(tp))
    host->thread_release(tp);
  return creation.error;
}
int pthread_create(pthread_t *restrict, const pthread_attr_t *restrict,
                   void *(*)(void *), void *restrict)
    __attribute__((alias("__pthread_create")));

/* musl's cleanup handlers: struct __ptcb. */
static void run_cleanup(struct thread *thread) {
  struct __ptcb *handler;
  while ((handler = thread->cancelbuf)) {
    thread->cancelbuf = handler->__next;
    handler->__f(handler->__x);
  }
}

_Noreturn void __pthread_exit(void *result) {
  struct thread *thread = (void *)pthread_self();
  if (!is_worlds) {
    fputs("segshift: pthread_exit in the world, in a thread that the host has "
          "made\n",
          stderr);
    abort();
  }
  thread->result = result;
  run_cleanup(thread);
  host->thread_exit();
  abort();
}
_Noreturn void pthread_exit(void *) __attribute__((alias("__pthread_exit")));

void thread_has_ended(struct thread *thread) {
  if (!is_worlds)
    return;
  thread->tid = 0; /* the number may be another's from now on */
  if (thread->detach_state != DT_JOINABLE)
    return;
  __atomic_store_n(&thread->detach_state, DT_EXITED, __ATOMIC_RELEASE);
  linux_call(SYS_futex, (long)&thread->detach_state, 129, 1, 0, 0, 0);
}

int pthread_timedjoin_np(pthread_t of, void **result,
                         const struct timespec *until) {
  struct thread *thread = (void *)of;
  int state, error = 0;
  while (until && (state = thread->detach_state) == DT_JOINABLE &&
         error != ETIMEDOUT && error != EINVAL)
    error = __timedwait(&thread->detach_state, state, CLOCK_REALTIME, until, 1);
  if (error == ETIMEDOUT || error == EINVAL)
    return error;
  error = -host->thread_join(thread);
  if (error)
    return error;
  if (result)
    *result = thread->result;
  host->thread_release(thread);
  return 0;
}

int __pthread_join(pthread_t thread, void **result) {
  return pthread_timedjoin_np(thread, result, NULL);
}
int pthread_join(pthread_t, void **) __attribute__((alias("__pthread_join")));

int pthread_tryjoin_np(pthread_t of, void **result) {
  struct thread *thread = (void *)of;
  return thread->detach_state == DT_JOINABLE ? EBUSY
                                             : __pthread_join(of, result);
}

int pthread_detach(pthread_t of) {
  struct thread *thread = (void *)of;
  int joinable = DT_JOINABLE;
  __atomic_compare_exchange_n(&thread->detach_state, &joinable, DT_DETACHED, 0,
                              __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
  return -host->thread_detach(thread);
}
int thrd_detach(thrd_t) __attribute__((alias("pthread_detach")));

/* Linux has one list of them for each thread, and it is the host's. */
int pthread_mutexattr_setrobust(pthread_mutexattr_t *attributes, int robust) {
  (void)attributes;
  return robust == PTHREAD_MUTEX_STALLED  ? 0
         : robust == PTHREAD_MUTEX_ROBUST ? ENOTSUP
                                          : EINVAL;
}

/* It would take a signal of the host's C library. */
int pthread_cancel(pthread_t thread) {
  (void)thread;
  return ENOSYS;
}

/* The host's handlers run, and with them fork.c's, which run the world's. */
pid_t fork(void) {
  int result = host->fork();
  if (result >= 0)
    return result;
  errno = -result;
  return -1;
}

/* So would a timer with a thread of its own: musl's takes number 32. */
int timer_create(clockid_t clock, struct sigevent *restrict event,
                 timer_t *restrict out) {
  enum { SYS_timer_create = 222 };
  struct {
    union sigval value;
    int signal, notify, tid;
  } request, *given = NULL;
  int id;
  if (event && event->sigev_notify == SIGEV_THREAD) {
    errno = ENOTSUP;
    return -1;
  }
  if (event) {
    request.value = event->sigev_value;
    request.signal = event->sigev_signo;
    request.notify = event->sigev_notify;
    request.tid = event->sigev_notify == SIGEV_THREAD_ID
                      ? event->sigev_notify_thread_id
                      : 0;
    given = &request;
  }
  long result =
      linux_call(SYS_timer_create, clock, (long)given, (long)&id, 0, 0, 0);
  if (result < 0) {
    errno = (int)-result;
    return -1;
  }
  *out = (void *)(intptr_t)id;
  return 0;
}
