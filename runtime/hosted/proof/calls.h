/* Between the parts of the call tests, and what their objects export.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef CALLS_H
#define CALLS_H

#define HIDDEN __attribute__((visibility("hidden")))
#define EXPORT __attribute__((visibility("default")))

/* The thread's number of steps so far, this one included; less than 0: an
 * error. */
HIDDEN long world_step(void);
/* The same, with a call of the host's function in the middle, which must give
 * the same number. */
HIDDEN long world_step_back(long (*callback)(void *), void *argument);
/* What threads have allocated and not freed. */
HIDDEN long world_allocated(void);

EXPORT long step(void);
EXPORT long step_back(long (*callback)(void *), void *argument);
EXPORT long allocated(void);
/* Threads that have a block of the second world. */
EXPORT long blocks(void);

#endif
