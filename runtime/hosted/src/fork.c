/* The host's fork: the world's allocator is held over it, by the thread that
 * forks, so that the child has it in order.
 *
 * The host's own handlers for fork may run before these or after, as they were
 * registered, in parent and child, and may call the world: the thread that
 * forks is not kept out by what it holds, and whatever comes first in the child
 * makes the world the child's.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "blocks.h"
#include "linux.h"
#include "world.h"

/* glibc has the first of these in libc.so, musl the second. The last argument
 * is for removal when an object is closed; this one never is (-z nodelete). */
__attribute__((weak)) int __register_atfork(void (*)(void), void (*)(void),
                                            void (*)(void), void *);
__attribute__((weak)) int pthread_atfork(void (*)(void), void (*)(void),
                                         void (*)(void));
int fork(void);
int *__errno_location(void); /* both the host's */

static int fork_lock;   /* one thread forks at a time */
static void *forking;   /* its thread pointer */
static unsigned nested; /* forks in handlers of its fork */

static bool is_forking(void *tp) {
  return tp && __atomic_load_n(&forking, __ATOMIC_RELAXED) == tp;
}

static void before_fork(void) {
  if (!world || segshift_enter())
    return;
  void *tp = own_tp();
  if (is_forking(tp)) {
    ++nested;
    return;
  }
  uint64_t signals = signals_block();
  futex_lock(&fork_lock);
  __atomic_store_n(&forking, tp, __ATOMIC_RELAXED);
  set_fast_path(tp, false);
  world->fork(-1, tp, 0);
  signals_restore(signals);
}

static void after_fork_parent(void) {
  void *tp = own_tp();
  if (!is_forking(tp))
    return;
  if (nested) {
    --nested;
    return;
  }
  uint64_t signals = signals_block();
  world->fork(0, tp, 0);
  __atomic_store_n(&forking, 0, __ATOMIC_RELAXED);
  futex_unlock(&fork_lock);
  signals_restore(signals);
  segshift_enter();
}

/* Threads that were anywhere are gone: locks are free, and theirs are the
 * blocks that are not `tp`'s. */
static void become_child(void *tp, int tid) {
  world->fork(1, tp, tid);
  blocks_lock = fork_lock = 0;
  nested = 0;
  forking = 0;
  blocks_keep(blocks_find(tp), tid);
}

bool fork_is_going_on(void *tp) {
  if (!is_forking(tp))
    return false;
  int tid = linux_gettid();
  if (blocks_find(tp)->tid == tid)
    return true;
  become_child(tp, tid);
  return false;
}

static void after_fork_child(void) {
  if (!world)
    return;
  void *tp = own_tp();
  /* If the thread could not enter before it forked, another one may have been
     in the world's allocator: the child has no world. */
  if (!tp || (!is_forking(tp) && blocks_find(tp)->tid != linux_gettid())) {
    world = 0;
    set_fast_path(0, false);
    return;
  }
  segshift_enter();
}

int fork_of_host(void) {
  int errno_ = *__errno_location(), pid = fork();
  if (pid < 0)
    pid = -*__errno_location();
  *__errno_location() = errno_;
  return pid;
}

void fork_init(void) {
  static char object;
  if (__register_atfork)
    __register_atfork(before_fork, after_fork_parent, after_fork_child,
                      &object);
  else if (pthread_atfork)
    pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}
