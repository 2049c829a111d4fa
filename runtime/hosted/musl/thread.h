/* musl's thread structure, and what glue.c and threads.c share.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_MUSL_THREAD_H
#define SEGSHIFT_MUSL_THREAD_H

#include "segshift/hosted.h"

#include <stdint.h>

/* struct pthread, at tp. */
struct thread {
  void *self;               /* 0x00 */
  void *dtv;                /* 0x08 */
  struct thread *prev;      /* 0x10 */
  struct thread *next;      /* 0x18 */
  uintptr_t sysinfo;        /* 0x20 */
  uintptr_t canary;         /* 0x28 */
  int tid;                  /* 0x30 */
  int errno_val;            /* 0x34 */
  int detach_state;         /* 0x38 */
  int cancel[3];            /* 0x3c */
  void *map_and_stack[5];   /* 0x48 */
  void *result, *cancelbuf; /* 0x70 */
  void **tsd;               /* 0x80 */
  void *robust_head;        /* 0x88 */
  long robust_off;          /* 0x90 */
  void *robust_pending;     /* 0x98 */
  int h_errno_val;          /* 0xa0 */
  int timer_id;             /* 0xa4 */
  void *locale;             /* 0xa8 */
  int killlock[2];          /* 0xb0 */
  void *dlerror_buf;        /* 0xb8 */
  void *stdio_locks;        /* 0xc0 */
};
_Static_assert(sizeof(struct thread) == 0xc8, "struct pthread");
enum { DT_EXITED, DT_EXITING, DT_JOINABLE, DT_DETACHED }; /* detach_state */

/* --- threads.c */

SEGSHIFT_HIDDEN void threads_init(const struct segshift_host *host);
/* The running thread has ended as far as the world is concerned. */
SEGSHIFT_HIDDEN void thread_has_ended(struct thread *thread);

#endif
