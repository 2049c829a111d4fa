/* What the parts of the host's side share.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_HOSTED_WORLD_H
#define SEGSHIFT_HOSTED_WORLD_H

#include "segshift/hosted.h"
#include "segshift/tls.h"

extern const struct segshift_world *world; /* null: none, or it is refused */
extern int blocks_lock;                    /* signals are blocked under it */

/* What each block gets. Set before enter_init. */
struct block_form {
  struct segshift_tls_image image;
  struct segshift_tls_layout layout;
  uint64_t canary, pointer_guard;
};
extern struct block_form form;

/* --- enter.c */

/* A key whose destructor ends threads. -EAGAIN: the host has no key left. */
int enter_init(void);
/* The thread that loads the object enters, before `world` is set. Signals are
 * blocked. */
int enter_first(const struct segshift_world *of);
/* Takes it back. */
void leave_first(void);
/* The running thread's thread pointer in this world, or null. */
void *own_tp(void);
/* Whether segshift_enter of the running thread, which has entered, goes through
 * segshift_enter_slow. */
void set_fast_path(void *tp, bool is_fast);

/* --- threads.c */

extern const struct segshift_host segshift_host;

/* --- fork.c */

void fork_init(void);
/* For the world: segshift_host. */
int fork_of_host(void);
/* Whether `tp`, the running thread's, is between its fork handlers: then it
 * goes through segshift_enter_slow, for in the child it may come before them.
 * Signals are blocked. */
bool fork_is_going_on(void *tp);

#endif
