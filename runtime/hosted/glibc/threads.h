/* What glue.c needs of threads.c.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_GLIBC_THREADS_H
#define SEGSHIFT_GLIBC_THREADS_H

#include "segshift/hosted.h"

SEGSHIFT_HIDDEN void threads_init(const struct segshift_host *host);
/* An exception leaves the world's code at `from` for the host's at `to`. */
SEGSHIFT_HIDDEN void tell_exception(const void *from, const void *to);
/* The running thread has ended as far as the world is concerned. */
SEGSHIFT_HIDDEN void thread_has_ended(void);

#endif
