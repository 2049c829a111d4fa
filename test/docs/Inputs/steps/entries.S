/* System call, breakpoint, thread switch. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "slots.h"

/* Clobbers rax, rcx, rdx. */
.macro SET_FS slot
        movl    %gs:\slot, %eax
        movl    %gs:\slot + 4, %edx
        movl    $0xc0000100, %ecx       /* IA32_FS_BASE */
        wrmsr
.endm

        .text
        .globl  syscall_entry
syscall_entry:                          /* a program expects rbx, rbp, r12 to r15 back */
        movq    %rsp, %gs:SLOT_SAVED_RSP
        movq    %gs:SLOT_STACK, %rsp
        pushq   %gs:SLOT_SAVED_RSP
        pushq   %rcx
        movq    %rsi, %r8
        movq    %rdi, %rsi
        movq    %rax, %rdi
#if STEP < 5
        SET_FS  SLOT_TCB
#endif
        movq    %r8, %rdx
        callq   handle_syscall
#if STEP < 5
        SET_FS  SLOT_APP_FS
#endif
        popq    %rcx
        popq    %rsp
        jmpq    *%rcx

        .globl  breakpoint_entry
breakpoint_entry:
        pushq   %rax
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        pushq   %rdi
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        cld
#if STEP < 5
        SET_FS  SLOT_TCB
#endif
        incl    %fs:breakpoints@tpoff   /* the kernel's: segshift rewrite moves it */
        callq   handle_breakpoint
#if STEP < 5
        SET_FS  SLOT_APP_FS
#endif
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rdi
        popq    %rsi
        popq    %rdx
        popq    %rcx
        popq    %rax
        iretq

/* switch_stack(uint64_t *from, uint64_t to) */
        .globl  switch_stack
switch_stack:
        pushq   %rbx
        pushq   %rbp
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbp
        popq    %rbx
        retq

/* A thread's first way into the program, to the address in rbx. */
        .globl  start_thread
start_thread:
#if STEP < 5
        SET_FS  SLOT_APP_FS
#endif
        jmpq    *%rbx
        .section .note.GNU-stack, "", @progbits
