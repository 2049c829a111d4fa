/* clang-format off */
/* What the three files of entries share: macros, none of which is a way in or out.
 * Each file says RING(NAME), its names; JUMP_IF_PROGRAMS, who was interrupted; and
 * GUARD_OPEN, what makes kernel TLS writable.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "cpu/config.h"
#include "cpu/smap.h"

#define AT_VECTOR(Field) SEGSHIFT_FRAME_##Field - SEGSHIFT_FRAME_VECTOR(%rsp)

/* After pushes of RAX and RCX on an IST stack: the frame goes to the stack whose
 * top is RAX. RSP is at `vector` afterwards, the registers as before the pushes. */
.macro MOVE_FRAME
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

/* What mode fs-switch does after an interrupt of the program and ahead of the
 * return to it, and no other mode. RSP: the frame. The kernel's own iretq counts
 * as the program's: FS was loaded ahead of it. */
.macro MODE_ENTER_TRAP iretq
#ifdef MODE_SWITCHES_FS
    JUMP_IF_PROGRAMS .Lprograms_\@
    cmpq $\iretq, SEGSHIFT_FRAME_RIP(%rsp)
    jne .Lkernels_\@
.Lprograms_\@:
    MODE_ENTER_FROM_PROGRAM
.Lkernels_\@:
#endif
.endm
.macro MODE_LEAVE_TRAP
#ifdef MODE_SWITCHES_FS
    JUMP_IF_PROGRAMS .Lprograms_\@
    jmp .Lkernels_\@
.Lprograms_\@:
    MODE_LEAVE_TO_PROGRAM
.Lkernels_\@:
#endif
.endm

/* Debug image: a program that has written GS itself is found here, on a stack that
 * does not depend on GS. Kernel addresses are negative. */
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

/* On an IST stack, whose top word points to the note of the running thread's thread
 * pointer. Where it is program_moved_tp, the frame of what faulted there first is
 * lost. RSP: the frame afterwards, RSI: the base that was found. */
.macro MEND_TP
    popq %rcx
    popq %rax
    SEGSHIFT_PUSH_REGS
#if defined(SEGSHIFT_KERNEL_TLS_FS) && !defined(MODE_SWITCHES_FS)
    movl $SEGSHIFT_MSR_FS_BASE, %ecx
#else
    movl $SEGSHIFT_MSR_GS_BASE, %ecx
#endif
    rdmsr
    movq %rdx, %rsi
    shlq $32, %rsi
    orq %rax, %rsi
    movq SEGSHIFT_FRAME_SIZE(%rsp), %rdi
#ifdef MODE_SWITCHES_FS
    leaq -CPU_TP(%rdi), %rax            /* GS: the processor */
    movq %rax, %rdx
    shrq $32, %rdx
    wrmsr
#endif
    movq (%rdi), %rax
    SEGSHIFT_WRITE_TP
    GUARD_OPEN
    movq %rsp, %rdi
.endm

/* Where CHECK_GS_IS_KERNELS jumps to. */
.macro PROGRAM_WROTE_GS
#if defined(SEGSHIFT_DEBUG) && !defined(SEGSHIFT_KERNEL_TLS_FS)
program_wrote_gs:
    MEND_TP
    callq segshift_bad_tp
    ud2
#endif
.endm
