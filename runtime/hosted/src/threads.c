/* Threads that the world asks for: the host makes them, so that its C library
 * knows them, and they enter before they run the world's code.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "blocks.h"
#include "linux.h"
#include "say.h"
#include "world.h"

/* The host's. pthread_t is a word, and pthread_attr_t has 56 bytes, in glibc
 * and in musl. */
struct attributes {
  long words[16];
};
int pthread_attr_init(struct attributes *attributes);
int pthread_attr_destroy(struct attributes *attributes);
int pthread_attr_setstack(struct attributes *attributes, void *stack,
                          size_t size);
int pthread_attr_setstacksize(struct attributes *attributes, size_t size);
int pthread_attr_setguardsize(struct attributes *attributes, size_t size);
int pthread_create(unsigned long *thread, const struct attributes *attributes,
                   void *(*function)(void *), void *argument);
int pthread_join(unsigned long thread, void **result);
int pthread_detach(unsigned long thread);
unsigned long pthread_self(void);
int *__errno_location(void); /* a call into the world leaves the host's alone */

/* On the creator's stack until `is_done`, a futex. */
struct start {
  struct segshift_thread thread;
  void *tp;
  int error, is_done;
};

/* The creator goes on, and `start` is gone. */
static void tell_creator(struct start *start, int error) {
  start->error = error;
  __atomic_store_n(&start->is_done, 1, __ATOMIC_RELEASE);
  linux_call(SYS_futex, (long)&start->is_done, 129 /* FUTEX_WAKE_PRIVATE */, 1,
             0, 0, 0);
}

static void *begin_worlds_thread(void *argument) {
  struct start *start = argument;
  struct segshift_thread thread = start->thread;
  void *exit[5];
  int error = segshift_enter();
  if (error) {
    tell_creator(start, error);
    return 0;
  }
  struct block *block = blocks_find(own_tp());
  block->thread = pthread_self();
  block->exit = exit;
  block->kind = thread.is_detached ? Detached : Joinable;
  start->tp = own_tp();
  tell_creator(start, 0);
  if (!__builtin_setjmp(exit))
    thread.run(thread.argument);
  return 0;
}

/* What the host's library refuses (a stack that is too small for it) is left as
 * the host makes it, but for a stack of the world's own. */
static int set_attributes(struct attributes *attributes,
                          const struct segshift_thread *thread) {
  enum { OfHost_ = 1 << 14 }; /* what the host's own TLS and start need */
  if (thread->stack)
    return pthread_attr_setstack(attributes, thread->stack, thread->stack_size);
  if (thread->stack_size)
    pthread_attr_setstacksize(attributes, thread->stack_size + OfHost_);
  if (thread->guard_size)
    pthread_attr_setguardsize(attributes, thread->guard_size);
  return 0;
}

static int create_here(const struct segshift_thread *thread, void **tp) {
  struct start start = {.thread = *thread};
  struct attributes attributes;
  unsigned long made;
  int error = pthread_attr_init(&attributes);
  if (error)
    return -error;
  error = set_attributes(&attributes, thread);
  if (!error)
    error = pthread_create(&made, &attributes, begin_worlds_thread, &start);
  pthread_attr_destroy(&attributes);
  if (error)
    return -error;
  while (!__atomic_load_n(&start.is_done, __ATOMIC_ACQUIRE))
    linux_call(SYS_futex, (long)&start.is_done, 128 /* FUTEX_WAIT_PRIVATE */, 0,
               0, 0, 0);
  if (start.error)
    pthread_join(made, 0);
  else if (thread->is_detached)
    pthread_detach(made);
  *tp = start.tp;
  return start.error;
}

static int create(const struct segshift_thread *thread, void **tp) {
  int errno_ = *__errno_location();
  int result = create_here(thread, tp);
  *__errno_location() = errno_;
  return result;
}

static void exit_thread(void) {
  __builtin_longjmp(blocks_find(own_tp())->exit, 1);
}

static bool can_be_joined(const struct block *block) {
  return block && (block->kind == Joinable || block->kind == Ended);
}

static int join(void *tp) {
  struct block *block = blocks_find(tp);
  if (!can_be_joined(block))
    return -EINVAL_;
  return -pthread_join(block->thread, 0);
}

/* Under the lock. */
static void release(struct block *block, void *tp) {
  if (block->kind == Joinable) /* it ended without its key destructors */
    world->thread_end(tp, false);
  segshift_tls_release(tp, &form.layout);
  blocks_give(block);
}

static void release_joined(void *tp) {
  uint64_t signals = signals_block();
  futex_lock(&blocks_lock);
  release(blocks_find(tp), tp);
  futex_unlock(&blocks_lock);
  signals_restore(signals);
}

static int detach(void *tp) {
  struct block *block = blocks_find(tp);
  if (!can_be_joined(block))
    return -EINVAL_;
  unsigned long thread = block->thread;
  uint64_t signals = signals_block();
  futex_lock(&blocks_lock);
  if (block->kind == Ended)
    release(block, tp);
  else
    block->kind = Detached;
  futex_unlock(&blocks_lock);
  signals_restore(signals);
  return -pthread_detach(thread);
}

const struct segshift_host segshift_host = {.thread_create = create,
                                            .thread_exit = exit_thread,
                                            .thread_join = join,
                                            .thread_release = release_joined,
                                            .thread_detach = detach,
                                            .fork = fork_of_host,
                                            .exception_leaves = say_exception};
