/* musl's __clone: its callers give the error to errno. pthread_create makes EAGAIN of
 * it.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define REFUSED movl $-ENOSYS, %eax; ret
#define FAILED ret
#include "../src/clone.inc"

        .text
/* musl's own would set FS. It is there because __copy_tls is in the same file as
 * __init_tp; nothing calls it. */
        .globl  __set_thread_area
        .hidden __set_thread_area
        .type   __set_thread_area, @function
__set_thread_area:
        movl    $-ENOSYS, %eax
        ret
        .size   __set_thread_area, . - __set_thread_area
