/* glibc's __clone, without threads: see musl/clone.S. The errors go to errno.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define REFUSED movl $ENOSYS, %edi; jmp segshift_clone_failed
#define FAILED negl %eax; movl %eax, %edi; jmp segshift_clone_failed
#include "../src/clone.inc"
