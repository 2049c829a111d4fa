/* Lines on standard error, by write(2) alone.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_HOSTED_SAY_H
#define SEGSHIFT_HOSTED_SAY_H

/* GS_BASE is `base`, and someone else's. Said once in a process. -EBUSY. */
int say_foreign(const void *base);
/* GS_BASE cannot be read or set, for this error. Said once. Returns it. */
int say_no_gs(int error);
/* The world does not start: `why`, and the error. Returns it. */
int say_no_world(const char *why, int error);

/* An exception leaves the world's code at `from` for the host's at `to`. */
void say_exception(const void *from, const void *to);

#endif
