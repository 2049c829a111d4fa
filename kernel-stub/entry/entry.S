/* Thread switch, and copies to and from the program's memory. The ways into the
 * kernel and out of it are in entry_ring0.S, entry_ring3.S and entry_guarded.S.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "cpu/config.h"
#include "cpu/smap.h"

    .text

/* Thread *switch_stacks(uint64_t *SaveRsp, uint64_t NewRsp, Thread *Previous)
 * Returns Previous, on the new stack. */
    .globl switch_stacks
switch_stacks:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    movq %rdx, %rax
    retq

/* Where a new thread comes out of switch_stacks. RSP: its frame; R12: function
 * and R13: argument of a kernel thread, or R12 = 0 for one that goes to the
 * program by way of the frame. */
    .globl thread_start
thread_start:
    movq %rax, %rdi
    callq finishSwitch
    testq %r12, %r12
    jz 1f
    sti
    movq %r13, %rdi
    callq *%r12
    callq endThread
    ud2
1:
#ifdef MODE_HAS_RING3
    testb $3, SEGSHIFT_FRAME_CS(%rsp)
    jnz ring3_leave_trap
#endif
#ifdef MODE_HAS_TLS_GUARD
    cmpb $0, tls_guard_on(%rip)
    jne guarded_leave_trap
#endif
    jmp ring0_leave_trap

/* size_t copy_user(void *To, const void *From, size_t Size)
 * A page fault at the copy that cannot be resolved goes on at its end:
 * handleInterrupt knows the two addresses. */
    .globl copy_user, copy_user_access, copy_user_end
copy_user:
    movq %rdx, %rcx
    SMAP_STAC
copy_user_access:
    rep movsb
copy_user_end:
    SMAP_CLAC
    movq %rcx, %rax
    retq

    .section .note.GNU-stack, "", @progbits
