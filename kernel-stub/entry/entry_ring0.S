/* The ways into the kernel and out of it with the program in ring 0: the table of
 * vectors and the SYSCALL entry.
 *
 * The program runs on its own stack and uses the red zone below RSP, so
 * nothing may be pushed there. Each vector therefore has an IST stack, and from
 * it the entry moves to where the thread can be preempted and can fault again:
 *
 *   interrupted      RSP before        the frame goes to
 *   program          its stack         top of the thread's kernel stack
 *   kernel           a kernel stack    below RSP and KERNEL_RED_ZONE (config.h)
 *
 * GS is not touched. It is the same in the program and in the kernel.
 *
 * NMI, #DF, #MC and #DB have IST stacks of their own. Between the first
 * instruction of an entry and the last of an exit, RSP, the frame and, in ring 3,
 * GS are of any kind; what arrives there is served without a look at them.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "entry/entry_macros.h"

#define RING(Name) ring0_##Name

/* RSP: the frame. */
.macro JUMP_IF_PROGRAMS label
    cmpq $0, SEGSHIFT_FRAME_RSP(%rsp)
    jge \label
.endm

/* Kernel TLS is always open here. */
.macro GUARD_OPEN
.endm

    .text
    .globl RING(text), RING(text_end)
RING(text):

/* The program and the kernel run with the same CS. #DB comes from the program if
 * RIP is in the lower half: at the start of SYSCALL's entry and at the end of its
 * exit, RSP is the program's already, or still. */
debug_entry:
    cmpq $0, AT_VECTOR(RIP)
    jl paranoid_entry
    pushq %rax                          /* past a breakpoint at interrupt_entry */
    jmp on_ist_stack

/* From the IST stack to the kernel stack; all registers but RSP are kept.
 * Interrupts are off, and no page touched here can fault: an exception would come
 * back to the same IST stack. It does if the program has changed the thread
 * pointer, at read_stack_top, and there alone. */
    .globl RING(interrupt_entry)
RING(interrupt_entry):
interrupt_entry:
    pushq %rax
on_ist_stack:
    pushq %rcx
    CHECK_GS_IS_KERNELS
    movq 16 + AT_VECTOR(RSP), %rax
    testq %rax, %rax
    js 1f
read_stack_top:
    movq %SEGSHIFT_SLOT_SEG:SEGSHIFT_SLOT_SYSCALL_STACK, %rax
    jmp 2f
1:  cmpq $read_stack_top, 16 + AT_VECTOR(RIP)
    je program_moved_tp
    .if KERNEL_RED_ZONE
    subq $KERNEL_RED_ZONE, %rax
    .endif
2:  /* Too near to the guard page: it would fault, and here that loops. */
    leaq -1(%rax), %rcx
    andl $(KSTACK_SIZE - 1), %ecx
    cmpl $(4096 + KSTACK_RESERVE), %ecx
    jb kernel_stack_overflow
    andq $-16, %rax
    MOVE_FRAME
    SEGSHIFT_PUSH_REGS
    SEGSHIFT_CHECK_TP
    MODE_ENTER_TRAP RING(leave_trap_iretq)
    movq %rsp, %rdi
    callq handleInterrupt
    .globl RING(leave_trap), RING(leave_trap_iretq)
RING(leave_trap):
    MODE_LEAVE_TRAP
.Lleave_trap_prepared:
    SEGSHIFT_LEAVE_TRAP
    .set RING(leave_trap_iretq), . - 2  /* iretq: handleInterrupt knows it */

/* NMI, #DF, #MC, and #DB that the kernel is stopped by: they can come where the
 * moves above are half done, and stay on stacks of their own. Their handler
 * neither switches threads nor faults. */
paranoid_entry:
    SEGSHIFT_ENTER_PARANOID
    movq %rsp, %rdi
    callq handleParanoid
    SEGSHIFT_LEAVE_PARANOID

/* SYSCALL. Interrupts are off (SFMASK) until the frame is built. */
    .globl RING(syscall_entry)
RING(syscall_entry):
    SEGSHIFT_ENTER_SYSCALL SEL_KCODE, SEL_KDATA
    MODE_ENTER_FROM_PROGRAM
    sti
    movq %rsp, %rdi
    callq handleSyscall
    .globl RING(syscall_exit)
RING(syscall_exit):
    cli
    MODE_LEAVE_TO_PROGRAM
    SEGSHIFT_LEAVE_SYSCALL .Lleave_trap_prepared, RING(leave_syscall_jump)

kernel_stack_overflow:
    popq %rcx
    popq %rax
    SEGSHIFT_ENTER_PARANOID
    GUARD_OPEN
    movq %rsp, %rdi
    callq handleStackOverflow
    ud2

program_moved_tp:
    MEND_TP
    movq %SEGSHIFT_SLOT_SEG:SEGSHIFT_SLOT_SYSCALL_STACK, %rsp
    callq handleMovedTp
    ud2

    PROGRAM_WROTE_GS

#define RETURN_FAULT_ENTRY interrupt_entry
#include "entry/vectors.h"

    .section .note.GNU-stack, "", @progbits
