/* A second C library in one Linux process, its TLS behind GS.
 *
 * The *host* is the program with its own C library, whose threads, loader and
 * FS are untouched. The *world* is an object whose code and C library were
 * moved to GS. Threads are the host's: each gets a block of the world's when it
 * first enters, and loses it when it ends. Nothing is swapped at a call.
 *
 *   host code  ->  boundary: segshift_enter(), then a call  ->  world code
 *
 * This header is for the boundary, which is host code: it uses FS, and neither
 * the plugin nor the rewriter has seen it. docs/two-libcs.md has the whole way.
 *
 * Whether a thread has entered is a variable of the host's TLS, which is 0 in
 * each new thread. (GS_BASE does not tell: Linux gives a new thread its
 * creator's. Nor does an owner's thread number in the block: numbers are used
 * again.)
 *
 * Functions that can fail return 0 or a negated Linux error number.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_HOSTED_H
#define SEGSHIFT_HOSTED_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SEGSHIFT_HIDDEN __attribute__((visibility("hidden")))

/* A thread that the world asks the host for. */
struct segshift_thread {
  void *stack;       /* its lowest address; null: the host makes one */
  size_t stack_size; /* 0: the host's choice, as for guard_size */
  size_t guard_size;
  bool is_detached;
  void (*run)(void *argument); /* with GS set; when it returns, the thread ends
                                  as any of the host's does */
  void *argument;
};

/* What the host's side does for the world. Functions may be called where the
 * world's C library has the thread entered. */
struct segshift_host {
  /* The thread runs, and has entered: *tp is its thread pointer, and its block
   * stays, after its end as well, until thread_release or thread_detach. */
  int (*thread_create)(const struct segshift_thread *thread, void **tp);
  /* As if `run` had returned. For a thread that thread_create has made. */
  void (*thread_exit)(void);
  /* Waits for its end. -EINVAL: not of thread_create, or detached. */
  int (*thread_join)(void *tp);
  /* After thread_join: gives its block back. */
  void (*thread_release)(void *tp);
  int (*thread_detach)(void *tp);
  /* fork(2) with the host's handlers, and so with the world's. A negated error
   * number. */
  int (*fork)(void);
  /* Says that nothing in the world catches an exception, which goes from the
   * world's outermost function, at `from`, to the host's code at `to`. */
  void (*exception_leaves)(const void *from, const void *to);
};

/* What the world's C library has to do, on its side: segshift_world of the glue
 * for that library. All of them run with GS set. */
struct segshift_world {
  /* Bytes of its thread structure from tp on. */
  size_t tcb_size;
  /* Once, on the thread that calls segshift_world_init, after `thread_begin`.
   * The auxiliary vector stays where it is. */
  int (*start)(char **environment, const size_t *auxiliary,
               const struct segshift_host *host);
  /* A thread's block was made: `tp` is GS_BASE, canary and TLS are in place.
   * All signals are blocked. */
  void (*thread_begin)(void *tp, int tid);
  /* A thread is ending, and `own`; or it has ended without our knowing, and
   * another one calls this. */
  void (*thread_end)(void *tp, bool own);
  /* Around fork, as with pthread_atfork: -1 before, 0 after in the parent, 1 in
   * the child, where the thread's number is another and there is no other
   * thread. In between, what -1 holds must not keep out the thread itself: the
   * host's handlers may call the world. */
  void (*fork)(int who, void *tp, int tid);
  /* At the end of the process: flush what is buffered. */
  void (*stop)(void);
};

/* Once, before any thread enters, in the object's constructor. The calling
 * thread enters. -EBUSY: GS is used by someone else in this process (Wine,
 * another world); that is also printed to stderr, as are -EAGAIN: the host has
 * no pthread key left, and the errors of arch_prctl(2). -ENOMEM; -EINVAL: the
 * object's TLS has no place that can be honoured (it was not linked with
 * initial-exec). After an error segshift_enter always fails with -ENODEV. */
int segshift_world_init(const struct segshift_world *world, char **environment);

/* The same for a world that is a program: a static position-independent
 * executable with its C library (glibc's, glibc/glue.c), moved to GS, in
 * memory. It is mapped, and started on a thread of its own, which ends once the
 * library is initialised: what that has registered with Linux for its thread
 * (set_tid_address, set_robust_list, rseq) goes with it. *functions becomes
 * what the program's `world_functions` is. -EINVAL: not such a program, or it
 * did not come up. */
int segshift_world_load(const void *file, size_t size, char **environment,
                        const void *const **functions);

/* In the object's destructor. Threads can enter no more. */
void segshift_world_end(void);

/* The pages of the running thread's block (segshift/pages.h), which hold
 * nothing else: to close them to the host by a protection key, with
 * segshift_tls_pages_tag and pkey_mprotect(2). Enters. The same errors as
 * segshift_enter. */
struct segshift_tls_pages;
int segshift_world_pages(struct segshift_tls_pages *pages);

/* How many blocks there are in use now, and how many were ever made: for tests
 * and statistics. */
size_t segshift_world_threads(void);
size_t segshift_world_blocks(void);

/* In an object that link-program.sh makes: what the program's `world_functions`
 * is. Null if the world did not start. */
extern SEGSHIFT_HIDDEN const void *const *segshift_world_functions;

/* What segshift_enter needs. */
extern SEGSHIFT_HIDDEN __thread void *segshift_world_tp
    __attribute__((tls_model("initial-exec")));
extern SEGSHIFT_HIDDEN bool segshift_world_fsgsbase;
SEGSHIFT_HIDDEN int segshift_enter_slow(void);

static inline __attribute__((always_inline)) void *
segshift_world_gs_base(void) {
  void *base;
  __asm__ volatile("rdgsbase %0" : "=r"(base));
  return base;
}

/* %gs:0 of a block is its own address. */
static inline __attribute__((always_inline)) void *segshift_world_self(void) {
  void *tp;
  __asm__ volatile("movq %%gs:0, %0" : "=r"(tp));
  return tp;
}

/* Before a call into the world: makes sure that GS is the running thread's. A
 * few instructions once the thread has entered. May be called in signal
 * handlers, in handlers for fork and in a forked child. -ENODEV: there is no
 * world (see segshift_world_init). -EBUSY: GS was changed by someone else;
 * printed once. -ENOMEM. Without FSGSBASE: what arch_prctl(2) says, or -EIO if
 * it says 0 and does nothing. */
static inline __attribute__((always_inline)) int segshift_enter(void) {
  void *tp = segshift_world_tp;
  if (__builtin_expect(tp != 0, 1) &&
      (__builtin_expect(!segshift_world_fsgsbase, 0)
           ? segshift_world_self() == tp
           : __builtin_expect(segshift_world_gs_base() == tp, 1)))
    return 0;
  return segshift_enter_slow();
}

#ifdef __cplusplus
}
#endif

#endif
