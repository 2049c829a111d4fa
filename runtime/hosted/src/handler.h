/* Whether the running thread is in a signal handler. glibc's allocator must not
 * be called there: the handler may have interrupted it.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_HOSTED_HANDLER_H
#define SEGSHIFT_HOSTED_HANDLER_H

#include <stdbool.h>

/* True as well where it cannot be found out. */
bool in_signal_handler(void);

#endif
