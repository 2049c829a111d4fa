/* What musl has to be told to live in a process that it has not started: on GS,
 * in threads of the host. For musl 1.2 as distributions build it (mallocng);
 * the places in its structures are those of src/internal/pthread_impl.h, libc.h
 * and src/malloc/mallocng/meta.h, and are checked when the world starts.
 *
 * World code: compiled with the plugin or rewritten, linked with musl's libc.a.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "thread.h"

#include "../src/linux.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* struct __libc. */
struct libc {
  char can_do_threads, threaded, secure;
  volatile signed char need_locks;
  int threads_minus_1;
  size_t *auxv;
  void *tls_head;
  size_t tls_size, tls_align, tls_cnt;
  size_t page_size;
  char global_locale[48];
};

extern struct libc __libc SEGSHIFT_HIDDEN;
extern char **__environ;
extern size_t __hwcap SEGSHIFT_HIDDEN;
extern char *__progname, *__progname_full;
extern volatile int __thread_list_lock SEGSHIFT_HIDDEN;
extern char __malloc_context[] SEGSHIFT_HIDDEN;
enum { MallocContextBrk = 0x398, FileLock = 0x8c };
SEGSHIFT_HIDDEN void __tl_lock(void), __tl_unlock(void), __funcs_on_exit(void),
    __pthread_tsd_run_dtors(void), __do_orphaned_stdio_locks(void),
    __malloc_atfork(int who);

enum { KeysMax = 128 };

/* What the world has given to pthread_atfork. */
SEGSHIFT_HIDDEN void __fork_handler(int who);

/* What lies at tp in a block of this world. */
struct tcb {
  struct thread thread;
  void *tsd[KeysMax];
};

static struct thread *some_thread; /* under musl's thread-list lock */

/* --- musl's internal locks, in place of its own (lock.c) --------------------
 */

extern int __malloc_lock[1] SEGSHIFT_HIDDEN;
static void *forking; /* the thread that holds __malloc_lock over a fork */

/* It is not kept out by it: the host's handlers for fork may call the world. */
static bool is_held_over_fork(const volatile int *lock) {
  void *tp = __atomic_load_n(&forking, __ATOMIC_RELAXED);
  return __builtin_expect(tp != 0, 0) && lock == __malloc_lock &&
         tp == (void *)pthread_self();
}

SEGSHIFT_HIDDEN void __lock(volatile int *lock) {
  if (!is_held_over_fork(lock))
    futex_lock((int *)lock);
}

SEGSHIFT_HIDDEN void __unlock(volatile int *lock) {
  if (!is_held_over_fork(lock))
    futex_unlock((int *)lock);
}

/* --- Threads ----------------------------------------------------------------
 */

static void thread_begin(void *tp, int tid) {
  struct tcb *tcb = tp;
  struct thread *thread = &tcb->thread;
  thread->prev = thread->next = thread;
  thread->tid = tid;
  thread->detach_state = DT_JOINABLE;
  thread->robust_head = &thread->robust_head;
  thread->locale = __libc.global_locale;
  thread->tsd = tcb->tsd;
  __tl_lock();
  if (some_thread) {
    thread->next = some_thread->next;
    thread->prev = some_thread;
    thread->next->prev = thread;
    some_thread->next = thread;
  }
  some_thread = thread;
  __tl_unlock();
}

static void thread_end(void *tp, bool own) {
  struct thread *thread = tp;
  if (own) {
    __pthread_tsd_run_dtors();
    __do_orphaned_stdio_locks();
  }
  __tl_lock();
  thread->prev->next = thread->next;
  thread->next->prev = thread->prev;
  if (some_thread == thread)
    some_thread = thread->next == thread ? 0 : thread->next;
  __tl_unlock();
  if (own)
    thread_has_ended(thread);
}

static void forked(int who, void *tp, int tid) {
  struct thread *thread = tp;
  if (who < 0) {
    __fork_handler(-1);
    __malloc_atfork(-1);
    __atomic_store_n(&forking, tp, __ATOMIC_RELAXED);
    return;
  }
  __atomic_store_n(&forking, 0, __ATOMIC_RELAXED);
  __malloc_atfork(who);
  if (who > 0) {
    /* The others are gone, wherever they were. */
    __thread_list_lock = 0;
    thread->tid = tid;
    thread->prev = thread->next = some_thread = thread;
  }
  __fork_handler(who);
}

static void read_auxiliary(const size_t *auxiliary) {
  enum { AT_HWCAP = 16, AT_PAGESZ = 6, AT_SECURE = 23 };
  __libc.page_size = 4096;
  for (const size_t *a = auxiliary; a[0]; a += 2) {
    if (a[0] == AT_HWCAP)
      __hwcap = a[1];
    if (a[0] == AT_PAGESZ)
      __libc.page_size = a[1];
    if (a[0] == AT_SECURE)
      __libc.secure = a[1] != 0;
  }
  __libc.auxv = (size_t *)auxiliary;
}

/* Whether this is the musl that the structures above are of. */
static bool is_known_musl(void) {
  struct thread *thread = (void *)pthread_self();
  int tid = thread->tid;
  bool ok = thread->self == thread && &errno == &thread->errno_val;
  thread->tid = 0x5e65;
  ok &= gettid() == 0x5e65;
  thread->tid = tid;
  return ok;
}

static int start(char **environment, const size_t *auxiliary,
                 const struct segshift_host *host) {
  static char *nothing[1];
  static char name[] = "world";
  if (!is_known_musl())
    return -EINVAL;
  __environ = environment ? environment : nothing;
  __progname = __progname_full = name;
  read_auxiliary(auxiliary);
  threads_init(host);

  /* The program break is the host's: mallocng would take the host's own growth
     of it for its own pages. -1: use mmap. */
  memset(__malloc_context + MallocContextBrk, 0xff, sizeof(uintptr_t));

  /* From its first thread on, musl locks stdio. It shall do so now. */
  FILE *files[] = {stdin, stdout, stderr};
  for (int i = 0; i < 3; ++i) {
    int *lock = (int *)((char *)files[i] + FileLock);
    if (*lock != -1)
      return -EINVAL;
    *lock = 0;
  }
  __libc.can_do_threads = 1;
  __libc.threaded = 1;
  __libc.threads_minus_1 = 1;
  __libc.need_locks = 1;
  return 0;
}

static void stop(void) {
  __funcs_on_exit();
  fflush(NULL);
}

const struct segshift_world segshift_world = {.tcb_size = sizeof(struct tcb),
                                              .start = start,
                                              .thread_begin = thread_begin,
                                              .thread_end = thread_end,
                                              .fork = forked,
                                              .stop = stop};
