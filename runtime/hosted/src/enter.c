/* Threads of the host that enter the world, and end.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "blocks.h"
#include "gs.h"
#include "handler.h"
#include "say.h"
#include "world.h"

/* The host's, of whatever C library: POSIX names, bound by its loader. */
int pthread_key_create(unsigned *key, void (*destructor)(void *));
int pthread_setspecific(unsigned key, const void *value);
/* glibc has it; see fork.c. */
__attribute__((weak)) int __register_atfork(void (*)(void), void (*)(void),
                                            void (*)(void), void *);

/* One of them is the thread pointer of a thread that has entered: the second
 * if segshift_enter has more to do. */
__thread void *segshift_world_tp;
static __thread void *slow_tp;

const struct segshift_world *world;
struct block_form form;
int blocks_lock;
static unsigned key;
static bool key_takes_memory;

/* POSIX: PTHREAD_DESTRUCTOR_ITERATIONS is at least 4, and is in glibc and musl.
 * Blocks live as long as they can, for destructors of other keys that enter. */
enum { LastRound = 4 };

void *own_tp(void) { return segshift_world_tp ? segshift_world_tp : slow_tp; }

void set_fast_path(void *tp, bool is_fast) {
  segshift_world_tp = is_fast ? tp : 0;
  slow_tp = is_fast ? 0 : tp;
}

/* --- Thread's end ----------------------------------------------------------
 */

/* For each block in use, `own` is the running thread's: gives back those of
 * threads that ended without their key destructors (by a bare exit system call,
 * or entered again in the last round of them). One with this thread's number is
 * of a dead thread that had it before. */
static void reclaim(struct block *block, void *own) {
  const struct block *mine = own;
  bool is_dead =
      block->tid == mine->tid ||
      linux_call(SYS_tgkill, linux_call(SYS_getpid, 0, 0, 0, 0, 0, 0),
                 block->tid, 0, 0, 0, 0) == -ESRCH_;
  if (block == mine || !is_dead || block->kind == Joinable ||
      block->kind == Ended)
    return;
  world->thread_end((char *)block->memory + form.layout.tp_offset, false);
  blocks_give(block);
}

/* Blocks of dead threads, each time that the used ones have doubled. */
static void sweep(void *own) {
  static size_t next = 64;
  if (blocks_used < next)
    return;
  futex_lock(&blocks_lock);
  blocks_each(reclaim, blocks_find(own));
  next = blocks_used * 2 > 64 ? blocks_used * 2 : 64;
  futex_unlock(&blocks_lock);
}

/* Whether GS_BASE is still `tp`; it was when the thread entered. */
static bool is_still(void *tp) {
  void *base;
  if (gs_base(&base)) /* a filter that came later: then by what lies there */
    base = segshift_world_self();
  if (base != tp)
    say_foreign(base);
  return base == tp;
}

/* The thread is in the world no more. A GS_BASE that cannot be put back does no
 * harm: code of the world does not run before GS_BASE is set anew. */
static void leave(void *tp) {
  set_fast_path(0, false);
  set_gs_base(0);
  futex_lock(&blocks_lock);
  struct block *block = blocks_find(tp);
  if (block->kind == Joinable) {
    block->kind = Ended;
  } else {
    segshift_tls_release(tp, &form.layout);
    blocks_give(block);
  }
  futex_unlock(&blocks_lock);
}

static void thread_ended(void *tp) {
  if (tp != own_tp())
    return;
  struct block *block = blocks_find(tp);
  if (++block->rounds < LastRound) {
    pthread_setspecific(key, tp);
    return;
  }
  if (!world)
    return; /* the process ends */
  if (!is_still(tp))
    return; /* the block stays linked to the others */
  /* A handler must not enter a thread that has half ended. */
  uint64_t signals = signals_block();
  world->thread_end(tp, true);
  leave(tp);
  signals_restore(signals);
}

/* In glibc, the value of a key from 32 on may take memory of the allocator,
 * which a signal handler must not call: then a later call does it. Until then
 * the thread goes through segshift_enter_slow; if it ends, its block is found
 * by reclaim. */
static int register_end(void *tp) {
  struct block *block = blocks_find(tp);
  if (!block->is_registered) {
    if (key_takes_memory && in_signal_handler())
      return 0;
    set_fast_path(tp, true); /* the allocator may be one that enters */
    if (pthread_setspecific(key, tp)) {
      set_fast_path(tp, false);
      return -ENOMEM_;
    }
    block->is_registered = true;
  }
  set_fast_path(tp, true);
  return 0;
}

/* --- Entering --------------------------------------------------------------
 */

/* With signals blocked, so that a handler finds a thread that has entered or
 * one that has not. */
static int make_block(const struct segshift_world *of) {
  int tid = linux_gettid();
  futex_lock(&blocks_lock);
  struct block *block = blocks_take(tid);
  futex_unlock(&blocks_lock);
  if (!block)
    return -ENOMEM_;
  void *tp = segshift_tls_init(block->memory, &form.layout, &form.image,
                               form.canary, form.pointer_guard);
  int error = set_gs_base(tp);
  if (error) {
    leave(tp);
    return say_no_gs(error);
  }
  of->thread_begin(tp, tid);
  set_fast_path(tp, false);
  return 0;
}

static int enter_anew(void) {
  void *base;
  int error = gs_base(&base);
  if (error)
    return say_no_gs(error);
  if (base && !blocks_contain(base))
    return say_foreign(base);
  error = make_block(world);
  if (!error)
    sweep(own_tp());
  return error;
}

/* With signals blocked: a handler that enters between two of these reads would
 * make them disagree. */
static int enter(void) {
  void *tp = own_tp();
  int error = !tp ? enter_anew() : is_still(tp) ? 0 : -EBUSY_;
  if (error)
    return error;
  tp = own_tp();
  return fork_is_going_on(tp) ? 0 : register_end(tp);
}

int segshift_enter_slow(void) {
  if (!world)
    return -ENODEV_;
  uint64_t signals = signals_block();
  int result = enter();
  signals_restore(signals);
  return result;
}

int enter_init(void) {
  enum { FirstKeys = 32 }; /* PTHREAD_KEY_2NDLEVEL_SIZE */
  if (pthread_key_create(&key, thread_ended))
    return -EAGAIN_;
  key_takes_memory = key >= FirstKeys && __register_atfork;
  blocks_init(form.layout.size);
  return 0;
}

int enter_first(const struct segshift_world *of) {
  int error = make_block(of);
  return error ? error : register_end(own_tp());
}

void leave_first(void) {
  pthread_setspecific(key, 0);
  leave(own_tp());
}
