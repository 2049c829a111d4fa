/* Ways into the kernel and out of it.
 *
 * The program runs in ring 0 on its own stack and uses the red zone below RSP,
 * so nothing may be pushed there. Each vector therefore has an IST stack, and
 * from it the entry moves to where the thread can be preempted and can fault
 * again:
 *
 *   interrupted      RSP before        the frame goes to
 *   program          its stack         top of the thread's kernel stack
 *   kernel           a kernel stack    below RSP and KERNEL_RED_ZONE (config.h)
 *
 * GS is never touched here. It is the same in the program and in the kernel.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "config.h"

    .text

/* Debug image: a program that has written GS itself is found here, on a stack that
 * does not depend on GS, and not by a fault on the first use of it, which would
 * come back to this same stack for ever. Kernel addresses are negative. */
.macro CHECK_GS_IS_KERNELS
#if defined(SEGSHIFT_DEBUG) && !defined(SEGSHIFT_KERNEL_TLS_FS)
    pushq %rdx
    movl $SEGSHIFT_MSR_GS_BASE, %ecx
    rdmsr
    testl %edx, %edx
    popq %rdx
    jns program_wrote_gs
#endif
.endm

/* From the IST stack to the kernel stack. RSP: at `vector`, before and after;
 * all registers but RSP are kept. Interrupts are off, and no page touched here
 * can fault: an exception would come back to the same IST stack. */
.macro LEAVE_IST_STACK
    pushq %rax
    pushq %rcx
    CHECK_GS_IS_KERNELS
    movq 16 + SEGSHIFT_FRAME_RSP - SEGSHIFT_FRAME_VECTOR(%rsp), %rax
    testq %rax, %rax
    .if KERNEL_RED_ZONE
    leaq -KERNEL_RED_ZONE(%rax), %rax   /* keeps the flags */
    .endif
    js 1f
    movq %SEGSHIFT_SEG:SEGSHIFT_SLOT_SYSCALL_STACK, %rax
1:  /* Too near to the guard page: it would fault, and here that loops. */
    leaq -1(%rax), %rcx
    andl $(KSTACK_SIZE - 1), %ecx
    cmpl $(4096 + KSTACK_RESERVE), %ecx
    jb kernel_stack_overflow
    andq $-16, %rax
    xchgq %rax, %rsp
    pushq 16 + 6 * 8(%rax)              /* ss */
    pushq 16 + 5 * 8(%rax)              /* rsp */
    pushq 16 + 4 * 8(%rax)              /* rflags */
    pushq 16 + 3 * 8(%rax)              /* cs */
    pushq 16 + 2 * 8(%rax)              /* rip */
    pushq 16 + 1 * 8(%rax)              /* error */
    pushq 16(%rax)                      /* vector */
    movq (%rax), %rcx
    movq 8(%rax), %rax
.endm

interrupt_entry:
    LEAVE_IST_STACK
    SEGSHIFT_ENTER_TRAP
    movq %rsp, %rdi
    callq handleInterrupt
    .globl leave_trap, leave_trap_iretq
leave_trap:
    SEGSHIFT_LEAVE_TRAP
    .set leave_trap_iretq, . - 2        /* iretq: handleInterrupt knows it */

/* NMI, #DF, #MC: they can come where the moves above are half done, and stay on
 * stacks of their own. Their handler neither switches threads nor faults. */
paranoid_entry:
    SEGSHIFT_ENTER_PARANOID
    movq %rsp, %rdi
    callq handleParanoid
    SEGSHIFT_LEAVE_PARANOID

kernel_stack_overflow:
    popq %rcx
    popq %rax
    SEGSHIFT_ENTER_PARANOID
    movq %rsp, %rdi
    callq handleStackOverflow
    ud2

#if defined(SEGSHIFT_DEBUG) && !defined(SEGSHIFT_KERNEL_TLS_FS)
program_wrote_gs:
    popq %rcx
    popq %rax
    SEGSHIFT_PUSH_REGS
    movl $SEGSHIFT_MSR_GS_BASE, %ecx
    rdmsr
    movl %eax, %esi
    shlq $32, %rdx
    orq %rdx, %rsi
    movq %rsp, %rdi
    callq segshift_bad_tp
    ud2
#endif

/* SYSCALL. Interrupts are off (SFMASK) until the frame is built. */
    .globl syscall_entry
syscall_entry:
    SEGSHIFT_ENTER_SYSCALL SEL_KCODE, SEL_KDATA
    sti
    movq %rsp, %rdi
    callq handleSyscall
    cli
    SEGSHIFT_LEAVE_SYSCALL

/* One entry for each vector, VECTOR_STUB_SIZE bytes apart. */
.macro VECTOR number
    .balign 16
    .if \number == 8 || (\number >= 10 && \number <= 14) || \number == 17 || \
        \number == 21 || \number == 29 || \number == 30
    .else
    pushq $0
    .endif
    pushq $\number
    .if \number == 2 || \number == 8 || \number == 18
    jmp paranoid_entry
    .else
    jmp interrupt_entry
    .endif
.endm

    .altmacro
    .balign 16
    .globl vector_stubs
vector_stubs:
    .set number, 0
    .rept 256
    VECTOR %number
    .set number, number + 1
    .endr
    .noaltmacro

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
    jz leave_trap
    sti
    movq %r13, %rdi
    callq *%r12
    callq endThread
    ud2

/* size_t copy_user(void *To, const void *From, size_t Size)
 * A page fault at the copy that cannot be resolved goes on at its end:
 * handleInterrupt knows the two addresses. */
    .globl copy_user, copy_user_access, copy_user_end
copy_user:
    movq %rdx, %rcx
copy_user_access:
    rep movsb
copy_user_end:
    movq %rcx, %rax
    retq

    .section .note.GNU-stack, "", @progbits
