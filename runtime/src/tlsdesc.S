/* TLS descriptors: the functions that compiled code calls by a descriptor's first
 * word, with the descriptor's address in rax. The result is x@tpoff in rax; every
 * other register but the flags stays (RFC-TLSDESC-x86).
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "segshift/abi.h"

#define ARGUMENT 8

.macro FUNCTION name
        .globl  \name
        .hidden \name
        .type   \name, @function
        .balign 16
\name:
        endbr64
.endm

.macro END name
        .size   \name, . - \name
.endm

        .text

FUNCTION __segshift_tlsdesc_static
        movq    ARGUMENT(%rax), %rax
        ret
END __segshift_tlsdesc_static

FUNCTION __segshift_tlsdesc_undefined
        movq    ARGUMENT(%rax), %rax
        subq    %SEGSHIFT_SEG:SEGSHIFT_TCB_SELF, %rax
        ret
END __segshift_tlsdesc_undefined

/* With the index's address in rax: x@tpoff in rax if the thread has the block,
 * and a return. Else on to what follows, with nothing changed. */
.macro LOOK_UP
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        movq    %SEGSHIFT_SEG:SEGSHIFT_TCB_DTV, %rdx
        testq   %rdx, %rdx
        jz      .Lmiss\@
        movq    (%rax), %rcx
        movzwl  %cx, %esi
        shlq    $SEGSHIFT_DTV_SLOT_SHIFT, %rsi
        addq    %rsi, %rdx
        cmpq    %rcx, SEGSHIFT_DTV_SLOTS(%rdx)
        jne     .Lmiss\@
        movq    8(%rax), %rax
        addq    SEGSHIFT_DTV_SLOTS + SEGSHIFT_DTV_SLOT_BLOCK(%rdx), %rax
        subq    %SEGSHIFT_SEG:SEGSHIFT_TCB_SELF, %rax
        popq    %rsi
        popq    %rdx
        popq    %rcx
        ret
.Lmiss\@:
        popq    %rsi
        popq    %rdx
        popq    %rcx
.endm

/* rbp is the frame's; the callee keeps rbx and r12 to r15. */
.macro SAVE
        pushq   %rbp
        movq    %rsp, %rbp
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        pushq   %rdi
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
.endm

.macro RESTORE
        leaq    -64(%rbp), %rsp
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rdi
        popq    %rsi
        popq    %rdx
        popq    %rcx
        popq    %rbp
.endm

.macro GET_OFFSET
        call    __segshift_tls_get_addr
        subq    %SEGSHIFT_SEG:SEGSHIFT_TCB_SELF, %rax
.endm

FUNCTION __segshift_tlsdesc_dynamic
        movq    ARGUMENT(%rax), %rax
        LOOK_UP
        SAVE
        movq    %rax, %rdi
        andq    $-16, %rsp
        GET_OFFSET
        RESTORE
        ret
END __segshift_tlsdesc_dynamic

/* The area is as large as the enabled features need (CPUID.(0DH,0):EBX), and
 * 64-aligned. XSAVE leaves the header's reserved bytes as they are, and XRSTOR
 * faults unless they are 0 (Intel SDM volume 1, 13.4.2). */
FUNCTION __segshift_tlsdesc_dynamic_xsave
        movq    ARGUMENT(%rax), %rax
        LOOK_UP
        SAVE
        pushq   %rbx
        pushq   %r12
        movq    %rax, %rdi
        movl    $1, %eax
        cpuid
        movl    %ecx, %r12d
        andl    $1 << 27, %r12d         /* OSXSAVE */
        jz      .Lno_xsave
        movl    $0xd, %eax
        xorl    %ecx, %ecx
        cpuid
        subq    %rbx, %rsp
        andq    $-64, %rsp
        xorl    %eax, %eax
        .irp    word, 0, 8, 16, 24, 32, 40, 48, 56
        movq    %rax, 512 + \word(%rsp)
        .endr
        movl    $-1, %eax
        movl    $-1, %edx
        xsave64 (%rsp)
        GET_OFFSET
        movq    %rax, %rdi
        movl    $-1, %eax
        movl    $-1, %edx
        xrstor64 (%rsp)
        jmp     .Lrestored
.Lno_xsave:
        subq    $512, %rsp
        andq    $-16, %rsp
        fxsave64 (%rsp)
        GET_OFFSET
        movq    %rax, %rdi
        fxrstor64 (%rsp)
.Lrestored:
        movq    %rdi, %rax
        movq    -80(%rbp), %r12
        movq    -72(%rbp), %rbx
        RESTORE
        ret
END __segshift_tlsdesc_dynamic_xsave

        .section .note.GNU-stack, "", @progbits
