/* The ways in and out of the kernel, run in a process: each function makes as many
 * crossings as its argument says, to a handler that reads its thread pointer.
 *
 *   void MODE_ringN_syscall(uint64_t crossings)
 *   void MODE_ringN_interrupt(uint64_t crossings)
 *   char MODE_ringN_gs[]     where GS must point
 *
 * Assembled once for each mode and ring, from the macros of segshift/entry.h and
 * of the kernel stub's mode.h. What a process may not do is left out, by empty
 * macros in the place of the instructions: swapgs, wrmsr, rdmsr, sti and cli. The
 * CPU's own part of an interrupt, five pushes to another stack, is written out;
 * for SYSCALL and SYSRET there is a jump. What the stub's entries do besides, the
 * move from an IST stack and the test of where an interrupt came from, is left out.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
.macro swapgs
.endm
.macro wrmsr
.endm
.macro rdmsr
.endm
.macro sti
.endm
.macro cli
.endm
.macro sysretq
    jmpq *%rcx
.endm

#define JOIN_(A, B) A##_##B
#define JOIN(A, B) JOIN_(A, B)
#define FUNCTION(Name) JOIN(SEQUENCE_NAME, Name)

/* A 64-bit Linux program's selectors. */
#define CS 0x33
#define SS 0x2b

/* rbx: crossings; r12: the stack to be on at the end. */
.macro FUNCTION_BEGIN name
    .globl \name
    .type \name, @function
\name:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rdi, %rbx
.endm
.macro FUNCTION_END
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    retq
.endm

    .text
handler:
    movq %SEGSHIFT_SEG:SEGSHIFT_TCB_SELF, %rax
    retq

    .balign 64
FUNCTION_BEGIN FUNCTION(syscall)
    pushfq
    popq %r11
    .balign 64
1:  leaq 2f(%rip), %rcx
    jmp 3f
2:  decq %rbx
    jnz 1b
    FUNCTION_END

    .balign 64
3:  SEGSHIFT_ENTER_SYSCALL CS, SS
    MODE_ENTER_FROM_PROGRAM
    movq %rsp, %rdi
    callq handler
    MODE_LEAVE_TO_PROGRAM
    SEGSHIFT_LEAVE_SYSCALL

    .balign 64
FUNCTION_BEGIN FUNCTION(interrupt)
    .balign 64
1:  movq %rsp, %rax
    leaq interrupt_stack_end(%rip), %rsp
    pushq $SS
    pushq %rax
    pushfq
    pushq $CS
    leaq 2f(%rip), %rcx
    pushq %rcx
    pushq $0
    pushq $0x20
    jmp 3f
2:  decq %rbx
    jnz 1b
    FUNCTION_END

    .balign 64
3:  SEGSHIFT_ENTER_TRAP
    MODE_ENTER_FROM_PROGRAM
    movq %rsp, %rdi
    callq handler
    MODE_LEAVE_TO_PROGRAM
    SEGSHIFT_LEAVE_TRAP

    .bss
    .balign 64
    .skip 4096
interrupt_stack_end:
    .skip 4096
syscall_stack_end:

    .data
    .balign 64
    .globl FUNCTION(gs)
FUNCTION(gs):
#ifdef MODE_SWITCHES_FS
    /* The processor's: its thread pointer, and the stack. */
    .org FUNCTION(gs) + CPU_TP
    .quad tcb
    .org FUNCTION(gs) + CPU_RSP0
    .quad syscall_stack_end
    .skip 64
    .balign 64
tcb:
    .quad tcb
    .skip 4096
#else
    /* The thread control block. */
    .quad FUNCTION(gs)
    .org FUNCTION(gs) + SEGSHIFT_SLOT_SYSCALL_STACK
    .quad syscall_stack_end
    .skip 64
#endif

    .section .note.GNU-stack, "", @progbits
