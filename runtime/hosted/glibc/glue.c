/* What glibc has to be told to live in a process that it has not started: on
 * GS, in threads of the host. For glibc 2.36's libc.a (Debian 12); its thread
 * structure's places come from the descriptors that it has for debuggers
 * (nptl_db).
 *
 * World code, linked to a static position-independent executable:
 * link-program.sh. Its main runs on the thread of image.c, whose glibc
 * registrations end with it.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "../src/image.h"
#include "../src/linux.h"
#include "threads.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/single_threaded.h>
#include <unistd.h>

/* Size in bits, count, offset; and a size in bytes. */
extern const uint32_t _thread_db_pthread_tid[3], _thread_db_pthread_specific[3],
    _thread_db_sizeof_pthread;
extern const ptrdiff_t __rseq_offset;
void __cxa_finalize(void *object);
SEGSHIFT_HIDDEN void _IO_enable_locks(void), __ctype_init(void),
    __call_tls_dtors(void), __nptl_deallocate_tsd(void),
    __libc_thread_freeres(void), __malloc_fork_lock_parent(void),
    __malloc_fork_unlock_parent(void), __malloc_fork_unlock_child(void);
/* What the world has given to pthread_atfork, if it does that. */
enum { InChild = 1, InParent = 2 };
__attribute__((weak)) SEGSHIFT_HIDDEN uint64_t
__run_prefork_handlers(bool locks);
__attribute__((weak)) SEGSHIFT_HIDDEN void
__run_postfork_handlers(int where, bool locks, uint64_t last_run);
__attribute__((weak)) SEGSHIFT_HIDDEN void __timer_fork_subprocess(void),
    __mq_notify_fork_subprocess(void);

enum {
  MultipleThreads = 0x18, /* tcbhead_t: sysdeps/x86_64/nptl/tls.h */
  FirstKeys = 32,         /* PTHREAD_KEY_2NDLEVEL_SIZE, of 16 bytes each */
  RseqCpuId = 4,
  RseqFailed = -2 /* RSEQ_CPU_ID_REGISTRATION_FAILED */
};

/* --- The program break is the host's ---------------------------------------
 */

static int is_started;        /* errno is in TLS */
void *__curbrk = &is_started; /* not null: ask __sbrk, and then use mmap */

static int no_break(void) {
  if (is_started)
    errno = ENOMEM;
  return -1;
}

int __brk(void *address) {
  (void)address;
  return no_break();
}
int brk(void *address) { return __brk(address); }
void *__sbrk(intptr_t increment) {
  (void)increment;
  return (void *)(intptr_t)no_break();
}
void *sbrk(intptr_t increment) { return __sbrk(increment); }

/* --- Threads are the host's: clone.S asks here ------------------------------
 */

int __clone3(void *arguments, size_t size, void *function, void *argument) {
  (void)arguments;
  (void)size;
  (void)function;
  (void)argument;
  errno = ENOSYS; /* then glibc tries __clone */
  return -1;
}

SEGSHIFT_HIDDEN int segshift_clone_failed(int error) {
  errno = error;
  return -1;
}

/* --- No shared objects: they would bring a C library on FS ------------------
 */

/* Name services, and character sets that are not built in, ask for some. */
void *__libc_dlopen_mode(const char *name, int mode) {
  (void)name;
  (void)mode;
  return NULL;
}
void *__libc_dlsym(void *object, const char *name) {
  (void)object;
  (void)name;
  return NULL;
}
void *__libc_dlvsym(void *object, const char *name, const char *version) {
  (void)version;
  return __libc_dlsym(object, name);
}
int __libc_dlclose(void *object) {
  (void)object;
  return 0;
}
void *dlopen(const char *name, int mode) {
  return __libc_dlopen_mode(name, mode);
}

/* --- Locks within glibc, in place of its own (lowlevellock.c) ---------------
 */

/* 0 free, 1 held, 2 held and someone may wait; and: by the thread that forks,
 * which has all of the allocator's, and is not kept out by them: the host's
 * handlers for fork may call the world. */
enum { Waited = 2, OverFork = 3 };
int __pthread_force_elision; /* defined there */
static void *forking;
static bool is_marking;
enum { MostEntered = 8 };
static int *entered[MostEntered]; /* locks that it has taken once more */

static bool is_forking(void) {
  void *tp = __atomic_load_n(&forking, __ATOMIC_RELAXED);
  return __builtin_expect(tp != 0, 0) && tp == (void *)pthread_self();
}

static void wait_for(int *lock, int value, int private) {
  linux_call(SYS_futex, (long)lock, private ? 128 : 0, value, 0, 0, 0);
}

/* Takes the lock, in this state. */
static void take(int *lock, int state, int private) {
  for (;;) {
    int value = __atomic_load_n(lock, __ATOMIC_RELAXED);
    if (value == OverFork)
      wait_for(lock, OverFork, private);
    else if (!__atomic_compare_exchange_n(lock, &value, value ? Waited : state,
                                          0, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED))
      continue;
    else if (!value)
      return;
    else
      wait_for(lock, Waited, private);
  }
}

static void enter_lock(int *lock) {
  for (int i = 0; i < MostEntered; ++i)
    if (!entered[i]) {
      entered[i] = lock;
      return;
    }
  abort(); /* glibc takes two at most */
}

/* glibc calls these where the lock is not free, and where it was not 1. */
void __lll_lock_wait(int *lock, int private) { take(lock, Waited, private); }
void __lll_lock_wait_private(int *lock) {
  if (is_forking() && is_marking)
    __atomic_store_n(lock, OverFork, __ATOMIC_RELAXED);
  else if (is_forking() && __atomic_load_n(lock, __ATOMIC_RELAXED) == OverFork)
    enter_lock(lock);
  else
    take(lock, Waited, 1);
}

void __lll_lock_wake(int *lock, int private) {
  linux_call(SYS_futex, (long)lock, private ? 129 : 1, 1, 0, 0, 0);
}
void __lll_lock_wake_private(int *lock) {
  if (is_forking())
    for (int i = 0; i < MostEntered; ++i)
      if (entered[i] == lock) {
        entered[i] = 0;
        take(lock, OverFork, 1);
        return;
      }
  __lll_lock_wake(lock, 1);
}

/* The second time tells which locks there are: it finds each one taken. */
static void hold_over_fork(void *tp) {
  free(malloc(1 << 16)); /* it has an arena: all of them are taken now */
  __malloc_fork_lock_parent();
  is_marking = true;
  __atomic_store_n(&forking, tp, __ATOMIC_RELAXED);
  __malloc_fork_lock_parent();
  is_marking = false;
}

/* --- The world --------------------------------------------------------------
 */

/* What dl_iterate_phdr (Rust's backtraces) looks up a thread's TLS in: its
 * length, then from tp[1] on the generation and the program's TLS. */
static size_t generation;
static ptrdiff_t tls_from_tp;
static _Thread_local uintptr_t dtv[3][2];

static void read_dtv(void *tp) {
  uintptr_t (*first)[2] = ((void **)tp)[1];
  generation = first[0][0];
  tls_from_tp = (ptrdiff_t)(first[1][0] - (uintptr_t)tp);
}

static void make_dtv(void *tp) {
  dtv[0][0] = 1; /* programs, the generation's entry not counted */
  dtv[1][0] = generation;
  dtv[2][0] = (uintptr_t)tp + (uintptr_t)tls_from_tp;
  ((void **)tp)[1] = dtv[1];
}

static void put_int(void *tp, ptrdiff_t offset, int value) {
  memcpy((char *)tp + offset, &value, sizeof(value));
}

static void thread_begin(void *tp, int tid) {
  put_int(tp, _thread_db_pthread_tid[2], tid);
  put_int(tp, MultipleThreads, 1);
  put_int(tp, __rseq_offset + RseqCpuId, RseqFailed);
  /* The first keys' values lie in front of the table of their blocks. */
  char **table = (void *)((char *)tp + _thread_db_pthread_specific[2]);
  table[0] = (char *)table - FirstKeys * 16;
  make_dtv(tp);
  __ctype_init();
}

static void thread_end(void *tp, bool own) {
  (void)tp;
  if (!own)
    return;
  __call_tls_dtors();
  __nptl_deallocate_tsd();
  __libc_thread_freeres();
  thread_has_ended();
}

static void forked(int who, void *tp, int tid) {
  static uint64_t last_run;
  if (who < 0) {
    if (__run_prefork_handlers)
      last_run = __run_prefork_handlers(true);
    hold_over_fork(tp);
  } else if (who == 0) {
    __atomic_store_n(&forking, 0, __ATOMIC_RELAXED);
    __malloc_fork_unlock_parent();
  } else {
    __atomic_store_n(&forking, 0, __ATOMIC_RELAXED);
    put_int(tp, _thread_db_pthread_tid[2], tid);
    __malloc_fork_unlock_child();
    /* Threads of theirs are gone. */
    if (__timer_fork_subprocess)
      __timer_fork_subprocess();
    if (__mq_notify_fork_subprocess)
      __mq_notify_fork_subprocess();
  }
  if (who >= 0 && __run_postfork_handlers)
    __run_postfork_handlers(who ? InChild : InParent, true, last_run);
}

/* The world's destructors and what it gave to atexit; then what is buffered. */
static void stop(void) {
  __cxa_finalize(NULL);
  fflush(NULL);
}

static int start(char **environment, const size_t *auxiliary,
                 const struct segshift_host *host) {
  (void)environment;
  (void)auxiliary;
  threads_init(host);
  return 0;
}

static struct segshift_world world = {.start = start,
                                      .thread_begin = thread_begin,
                                      .thread_end = thread_end,
                                      .fork = forked,
                                      .stop = stop};

extern const void *const world_functions[];

int main(void) {
  struct handoff *handoff = (void *)getauxval(AT_SEGSHIFT_HANDOFF);
  if (!handoff)
    return 1;
  is_started = 1;
  read_dtv((void *)pthread_self());
  _IO_enable_locks();
  __libc_single_threaded = 0;
  world.tcb_size = _thread_db_sizeof_pthread;
  handoff->world = &world;
  handoff->functions = world_functions;
  __asm__("movq %%fs:0x28, %0" : "=r"(handoff->canary));
  __asm__("movq %%fs:0x30, %0" : "=r"(handoff->pointer_guard));
  __atomic_store_n(&handoff->is_done, 1, __ATOMIC_RELEASE);
  /* futex wake, and exit of this thread alone: the process is the host's. */
  __asm__ volatile("syscall\n\t"
                   "1: movl $60, %%eax\n\t"
                   "xorl %%edi, %%edi\n\t"
                   "syscall\n\t"
                   "jmp 1b"
                   :
                   : "a"(202), "D"(&handoff->is_done), "S"(129), "d"(1)
                   : "rcx", "r11", "memory");
  __builtin_unreachable();
}
