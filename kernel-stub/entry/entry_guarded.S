/* As entry_ring0.S, with the kernel's TLS closed to the program's stores
 * (tls_guard.h).
 *
 * Kernel TLS cannot be written until GUARD_OPEN; entries read it
 * alone. It is closed right ahead of iretq to the program, with interrupts off, and
 * is open wherever else the kernel can be interrupted: but by the vectors below,
 * which put back what they have found.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifdef MODE_HAS_TLS_GUARD
#include "entry/entry_macros.h"

#define RING(Name) guarded_##Name

/* RSP: the frame. */
.macro JUMP_IF_PROGRAMS label
    cmpq $0, SEGSHIFT_FRAME_RSP(%rsp)
    jge \label
.endm

/* Stores to kernel TLS: allowed, or not. Clobber rax, rcx, rdx. */
.macro GUARD_SET value
    movl $TLS_GUARD_MSR, %ecx
    movl $\value, %eax
    xorl %edx, %edx
    wrmsr
.endm
.macro GUARD_OPEN
    GUARD_SET TLS_GUARD_OPEN
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
    GUARD_OPEN
    movq %rsp, %rdi
    callq handleInterrupt
    .globl RING(leave_trap), RING(leave_trap_iretq)
RING(leave_trap):
    JUMP_IF_PROGRAMS 3f
    jmp 4f
3:  GUARD_SET TLS_GUARD_CLOSED
4:
    SEGSHIFT_LEAVE_TRAP
    .set RING(leave_trap_iretq), . - 2  /* iretq: handleInterrupt knows it */

/* NMI, #DF, #MC, and #DB that the kernel is stopped by: they can come where the
 * moves above are half done, and stay on stacks of their own. Their handler
 * neither switches threads nor faults. */
paranoid_entry:
    SEGSHIFT_ENTER_PARANOID
    movl $TLS_GUARD_MSR, %ecx           /* what it was: EBX, until the exit */
    rdmsr
    movl %eax, %ebx
    GUARD_OPEN
    movq %rsp, %rdi
    callq handleParanoid
    movl $TLS_GUARD_MSR, %ecx
    movl %ebx, %eax
    xorl %edx, %edx
    wrmsr
    SEGSHIFT_LEAVE_PARANOID

/* SYSCALL. Interrupts are off (SFMASK) until the frame is built. */
    .globl RING(syscall_entry)
RING(syscall_entry):
    SEGSHIFT_ENTER_SYSCALL SEL_KCODE, SEL_KDATA
    GUARD_OPEN
    sti
    movq %rsp, %rdi
    callq handleSyscall
    .globl RING(syscall_exit)
RING(syscall_exit):
    cli
    jmp RING(leave_trap)                /* no interrupt comes while it is closed */

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
#endif

    .section .note.GNU-stack, "", @progbits
