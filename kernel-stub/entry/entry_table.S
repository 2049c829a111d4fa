/* Ways into the kernel and out of it: the table of vectors and the SYSCALL entry.
 * Assembled three times, for programs in ring 0 (entry_ring0.S), the same with
 * tls-guard=1 (entry_guarded.S), and in ring 3 (entry_ring3.S); processor.cpp takes
 * one of them at boot.
 *
 * Ring 0. The program runs on its own stack and uses the red zone below RSP, so
 * nothing may be pushed there. Each vector therefore has an IST stack, and from
 * it the entry moves to where the thread can be preempted and can fault again:
 *
 *   interrupted      RSP before        the frame goes to
 *   program          its stack         top of the thread's kernel stack
 *   kernel           a kernel stack    below RSP and KERNEL_RED_ZONE (config.h)
 *
 * GS is not touched. It is the same in the program and in the kernel.
 *
 * Ring 3. The CPU takes the thread's kernel stack from the TSS, or goes on where
 * the kernel was. GS is swapped on the way in from the program, and out to it.
 *
 * With the guard, kernel TLS cannot be written until GUARD_OPEN; entries read it
 * alone. It is closed right ahead of iretq to the program, with interrupts off, and
 * is open wherever else the kernel can be interrupted: but by the vectors below,
 * which put back what they have found.
 *
 * In all, NMI, #DF, #MC and #DB have IST stacks of their own. Between the first
 * instruction of an entry and the last of an exit, RSP, the frame and, in ring 3,
 * GS are of any kind; what arrives there is served without a look at them.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "cpu/config.h"
#include "cpu/smap.h"

#if SEGSHIFT_APP_RING == 3
#define RING(Name) ring3_##Name
#define PROGRAM_CS (SEL_UCODE | 3)
#define PROGRAM_SS (SEL_UDATA | 3)
#else
#ifdef TLS_GUARD
#define RING(Name) guarded_##Name
#else
#define RING(Name) ring0_##Name
#endif
#define PROGRAM_CS SEL_KCODE
#define PROGRAM_SS SEL_KDATA
#endif

#define AT_VECTOR(Field) SEGSHIFT_FRAME_##Field - SEGSHIFT_FRAME_VECTOR(%rsp)

    .text
    .globl RING(text), RING(text_end)
RING(text):

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

/* RSP: the frame. */
.macro JUMP_IF_PROGRAMS label
#if SEGSHIFT_APP_RING == 3
    testb $3, SEGSHIFT_FRAME_CS(%rsp)
    jnz \label
#else
    cmpq $0, SEGSHIFT_FRAME_RSP(%rsp)
    jge \label
#endif
.endm

/* Stores to kernel TLS: allowed, or not. Clobber rax, rcx, rdx. */
.macro GUARD_SET value
#ifdef TLS_GUARD
    movl $TLS_GUARD_MSR, %ecx
    movl $\value, %eax
    xorl %edx, %edx
    wrmsr
#endif
.endm
.macro GUARD_OPEN
    GUARD_SET TLS_GUARD_OPEN
.endm

/* The same for paranoid entries. EBX holds what was before, from entry to exit. */
.macro GUARD_ENTER_PARANOID
#ifdef TLS_GUARD
    movl $TLS_GUARD_MSR, %ecx
    rdmsr
    movl %eax, %ebx
    GUARD_OPEN
#endif
.endm
.macro GUARD_LEAVE_PARANOID
#ifdef TLS_GUARD
    movl $TLS_GUARD_MSR, %ecx
    movl %ebx, %eax
    xorl %edx, %edx
    wrmsr
#endif
.endm

#if SEGSHIFT_APP_RING == 0

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

#else

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
#endif
    SEGSHIFT_PUSH_REGS
    SEGSHIFT_CHECK_TP
#ifdef MODE_SWITCHES_FS
    JUMP_IF_PROGRAMS 1f
    cmpq $RING(leave_trap_iretq), SEGSHIFT_FRAME_RIP(%rsp)
    jne 2f
1:  MODE_ENTER_FROM_PROGRAM
2:
#endif
    GUARD_OPEN
    movq %rsp, %rdi
    callq handleInterrupt
    .globl RING(leave_trap), RING(leave_trap_iretq)
RING(leave_trap):
#ifdef MODE_SWITCHES_FS
    JUMP_IF_PROGRAMS 3f
    jmp leave_trap_switched
3:  MODE_LEAVE_TO_PROGRAM
leave_trap_switched:
#endif
#ifdef TLS_GUARD
    JUMP_IF_PROGRAMS 3f
    jmp 4f
3:  GUARD_SET TLS_GUARD_CLOSED
4:
#endif
    SEGSHIFT_LEAVE_TRAP
    .set RING(leave_trap_iretq), . - 2  /* iretq: handleInterrupt knows it */

/* NMI, #DF, #MC, and #DB that the kernel is stopped by: they can come where the
 * moves above are half done, and stay on stacks of their own. Their handler
 * neither switches threads nor faults. */
paranoid_entry:
#if SEGSHIFT_APP_RING == 3
    SMAP_CLAC
#endif
    SEGSHIFT_ENTER_PARANOID
    GUARD_ENTER_PARANOID
    movq %rsp, %rdi
    callq handleParanoid
    GUARD_LEAVE_PARANOID
    SEGSHIFT_LEAVE_PARANOID

/* SYSCALL. Interrupts are off (SFMASK) until the frame is built. */
    .globl RING(syscall_entry)
RING(syscall_entry):
    SEGSHIFT_ENTER_SYSCALL PROGRAM_CS, PROGRAM_SS
    MODE_ENTER_FROM_PROGRAM
    GUARD_OPEN
    sti
    movq %rsp, %rdi
    callq handleSyscall
    .globl RING(syscall_exit)
RING(syscall_exit):
    cli
    MODE_LEAVE_TO_PROGRAM
#if defined(MODE_SWITCHES_FS)
    SEGSHIFT_LEAVE_SYSCALL leave_trap_switched, RING(leave_syscall_jump)
#elif defined(TLS_GUARD)
    jmp RING(leave_trap)                /* no interrupt comes while it is closed */
#else
    SEGSHIFT_LEAVE_SYSCALL RING(leave_trap), RING(leave_syscall_jump)
#endif

#if SEGSHIFT_APP_RING == 0

kernel_stack_overflow:
    popq %rcx
    popq %rax
    SEGSHIFT_ENTER_PARANOID
    GUARD_OPEN
    movq %rsp, %rdi
    callq handleStackOverflow
    ud2

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

program_moved_tp:
    MEND_TP
    movq %SEGSHIFT_SLOT_SEG:SEGSHIFT_SLOT_SYSCALL_STACK, %rsp
    callq handleMovedTp
    ud2

#if defined(SEGSHIFT_DEBUG) && !defined(SEGSHIFT_KERNEL_TLS_FS)
program_wrote_gs:
    MEND_TP
    callq segshift_bad_tp
    ud2
#endif
#endif

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
    .elseif \number == 1
    jmp debug_entry
#if SEGSHIFT_APP_RING == 3
    .elseif \number >= 11 && \number <= 13
    jmp iretq_fault_entry
#endif
    .else
    jmp interrupt_entry
    .endif
.endm

    .altmacro
    .balign 16
    .globl RING(vectors)
RING(vectors):
    .set number, 0
    .rept 256
    VECTOR %number
    .set number, number + 1
    .endr
    .noaltmacro
RING(text_end):

    .section .note.GNU-stack, "", @progbits
