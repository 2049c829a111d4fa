/* Atomic access to words of the program's memory, as futexes need it. As in
 * copy_user, a page fault that cannot be resolved goes on at the end:
 * interrupts.cpp knows the addresses. Both return 0, or 1 after such a fault.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "cpu/smap.h"

    .text

/* int user_load32(uint64_t From, uint32_t *To) */
    .globl user_load32, user_load32_access, user_load32_end
user_load32:
    movl $1, %eax
    xorl %ecx, %ecx
    SMAP_STAC
user_load32_access:
    movl (%rdi), %ecx
    xorl %eax, %eax
user_load32_end:
    SMAP_CLAC
    movl %ecx, (%rsi)
    retq

/* int user_cmpxchg32(uint64_t At, uint32_t *Expected, uint32_t New)
 * Afterwards Expected is what was there. */
    .globl user_cmpxchg32, user_cmpxchg32_access, user_cmpxchg32_end
user_cmpxchg32:
    movl (%rsi), %eax
    movl $1, %ecx
    SMAP_STAC
user_cmpxchg32_access:
    lock cmpxchgl %edx, (%rdi)
    movl $0, %ecx
user_cmpxchg32_end:
    SMAP_CLAC
    movl %eax, (%rsi)
    movl %ecx, %eax
    retq

    .section .note.GNU-stack, "", @progbits
