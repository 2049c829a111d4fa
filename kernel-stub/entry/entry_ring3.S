/* The same with the program in ring 3, in the modes that have it.
 *
 * The CPU takes the thread's kernel stack from the TSS, or goes on where
 * the kernel was. GS is swapped on the way in from the program, and out to it.
 *
 * NMI, #DF, #MC and #DB have IST stacks of their own. Between the first
 * instruction of an entry and the last of an exit, RSP, the frame and, in ring 3,
 * GS are of any kind; what arrives there is served without a look at them.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifdef MODE_HAS_RING3
#include "entry/entry_macros.h"

#define RING(Name) ring3_##Name

/* RSP: the frame. */
.macro JUMP_IF_PROGRAMS label
    testb $3, SEGSHIFT_FRAME_CS(%rsp)
    jnz \label
.endm

/* Kernel TLS is always open here. */
.macro GUARD_OPEN
.endm

    .text
    .globl RING(text), RING(text_end)
RING(text):

/* clac in each: copies to and from the program's memory are interrupted with AC
 * set, and a program may set it too. */
debug_entry:
    testb $3, AT_VECTOR(CS)
    jz paranoid_entry
    SMAP_CLAC
    SEGSHIFT_SWAPGS_IF_APP
    pushq %rax
    pushq %rcx
    movq %SEGSHIFT_SLOT_SEG:SEGSHIFT_SLOT_SYSCALL_STACK, %rax
    MOVE_FRAME
    jmp on_kernel_stack

/* #NP, #SS, #GP: if iretq to the program raised it, GS is the program's, though
 * the kernel is what was interrupted. */
iretq_fault_entry:
    cmpq $RING(leave_trap_iretq), AT_VECTOR(RIP)
    jne interrupt_entry
    swapgs

    .globl RING(interrupt_entry)
RING(interrupt_entry):
interrupt_entry:
    SMAP_CLAC
    SEGSHIFT_SWAPGS_IF_APP
on_kernel_stack:
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
    SMAP_CLAC
    SEGSHIFT_ENTER_PARANOID
    movq %rsp, %rdi
    callq handleParanoid
    SEGSHIFT_LEAVE_PARANOID

/* SYSCALL. Interrupts are off (SFMASK) until the frame is built. */
    .globl RING(syscall_entry)
RING(syscall_entry):
    SEGSHIFT_ENTER_SYSCALL (SEL_UCODE | 3), (SEL_UDATA | 3)
    MODE_ENTER_FROM_PROGRAM
    sti
    movq %rsp, %rdi
    callq handleSyscall
    .globl RING(syscall_exit)
RING(syscall_exit):
    cli
    MODE_LEAVE_TO_PROGRAM
    SEGSHIFT_LEAVE_SYSCALL .Lleave_trap_prepared, RING(leave_syscall_jump)

#define RETURN_FAULT_ENTRY iretq_fault_entry
#include "entry/vectors.h"
#endif

    .section .note.GNU-stack, "", @progbits
