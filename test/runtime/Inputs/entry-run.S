/* The ring-0 entry macros, executed in a process: nothing in them needs a
 * privilege. `application` fills the registers and the red zone, enters the
 * kernel, and reports what it finds afterwards.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <segshift/entry.h>

/* The kernel's side. The handlers get the frame in rdi. */
        .text
syscall_entry:
        SEGSHIFT_ENTER_SYSCALL 0x33, 0x2b
        movq    %rsp, %rdi
        call    handle_syscall
        SEGSHIFT_LEAVE_SYSCALL

trap_entry:
        pushq   $0                      # no error code
        pushq   $14
        SEGSHIFT_ENTER_TRAP
        movq    %rsp, %rdi
        call    handle_trap
        SEGSHIFT_LEAVE_TRAP

paranoid_entry:
        pushq   $0
        pushq   $2
        SEGSHIFT_ENTER_PARANOID
        movq    %rsp, %rdi
        call    handle_trap
        SEGSHIFT_LEAVE_PARANOID

/* The application's side. application(kind, registers): kind 0 a system call, 1
 * a trap, 2 a paranoid one. registers: struct registers of entry-run.c, filled
 * in, and then holding what the application found. */
        .globl  application
application:
        pushq   %rbx
        pushq   %rbp
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsi, registers(%rip)
        movq    %rdi, kind(%rip)
        movq    %rsp, app_rsp(%rip)

        /* The red zone, each word its own address. */
        movl    $16, %ecx
1:      leaq    -128(%rsp,%rcx,8), %rax
        movq    %rax, -8(%rax)
        decl    %ecx
        jnz     1b

        movq    0x08(%rsi), %rdx
        movq    0x18(%rsi), %rdi
        movq    0x20(%rsi), %r8
        movq    0x28(%rsi), %r9
        movq    0x30(%rsi), %r10
        movq    0x40(%rsi), %rbx
        movq    0x48(%rsi), %rbp
        movq    0x50(%rsi), %r12
        movq    0x58(%rsi), %r13
        movq    0x60(%rsi), %r14
        movq    0x68(%rsi), %r15
        cmpq    $0, kind(%rip)
        jne     2f

        /* As SYSCALL: rcx is rip, r11 is rflags, and IF aside, the flags
         * are the application's still. */
        movq    0x70(%rsi), %r11
        leaq    back(%rip), %rcx
        movq    0x00(%rsi), %rax
        movq    0x10(%rsi), %rsi
        std
        jmp     syscall_entry

        /* As an interrupt with an IST stack; DF stays as the application has it. */
2:      movq    0x38(%rsi), %r11
        leaq    ist_top(%rip), %rsp
        pushq   $0x2b
        pushq   app_rsp(%rip)
        pushq   0x70(%rsi)
        pushq   $0x33
        leaq    back(%rip), %rcx
        pushq   %rcx
        movq    0x00(%rsi), %rax
        movq    0x10(%rsi), %rsi
        std
        movq    $0x1234567, %rcx
        cmpq    $1, kind(%rip)
        je      trap_entry
        jmp     paranoid_entry

        .globl  back
back:   movq    %rsp, found_rsp(%rip)   # flags, without a push into the red zone
        leaq    ist_top(%rip), %rsp
        pushfq
        popq    found_flags(%rip)
        movq    found_rsp(%rip), %rsp
        cld
        movq    %rsi, found_rsi(%rip)
        movq    registers(%rip), %rsi
        movq    %rax, 0x00(%rsi)
        movq    %rdx, 0x08(%rsi)
        movq    found_rsi(%rip), %rax
        movq    %rax, 0x10(%rsi)
        movq    %rdi, 0x18(%rsi)
        movq    %r8, 0x20(%rsi)
        movq    %r9, 0x28(%rsi)
        movq    %r10, 0x30(%rsi)
        movq    %r11, 0x38(%rsi)
        movq    %rbx, 0x40(%rsi)
        movq    %rbp, 0x48(%rsi)
        movq    %r12, 0x50(%rsi)
        movq    %r13, 0x58(%rsi)
        movq    %r14, 0x60(%rsi)
        movq    %r15, 0x68(%rsi)
        movq    %rcx, 0x78(%rsi)
        movq    %rsp, 0x80(%rsi)

        /* Look at the red zone before anything is pushed. */
        xorl    %eax, %eax
        cmpq    app_rsp(%rip), %rsp
        jne     4f
        movl    $16, %ecx
3:      leaq    -128(%rsp,%rcx,8), %rdx
        cmpq    %rdx, -8(%rdx)
        jne     4f
        decl    %ecx
        jnz     3b
        movl    $1, %eax
4:      movq    found_flags(%rip), %rdx
        movq    %rdx, 0x70(%rsi)
        movq    app_rsp(%rip), %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbp
        popq    %rbx
        ret                             # eax: the red zone and rsp are intact

        .bss
registers: .skip 8
kind:      .skip 8
app_rsp:   .skip 8
        .globl  app_rsp
found_rsi: .skip 8
found_rsp: .skip 8
found_flags: .skip 8
        .balign 16
        .skip   16384
ist_top:
        .section .note.GNU-stack, "", @progbits
