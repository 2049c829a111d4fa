/* void call_descriptor(struct segshift_tlsdesc *, struct registers *, int avx)
 * calls a TLS descriptor as compiled code does, with the registers given, and
 * stores what they are afterwards.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
        .text
        .globl  call_descriptor
        .type   call_descriptor, @function
call_descriptor:
        pushq   %rbx
        pushq   %rbp
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        pushq   %rsi
        pushq   %rdx
        movq    %rdi, %rax
        testl   %edx, %edx
        jz      1f
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        vmovdqu 128 + 32 * \n(%rsi), %ymm\n
        .endr
        jmp     2f
1:
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        movdqu  128 + 32 * \n(%rsi), %xmm\n
        .endr
2:
        fldpi
        movq    0x08(%rsi), %rcx
        movq    0x10(%rsi), %rdx
        movq    0x18(%rsi), %rbx
        movq    0x28(%rsi), %rbp
        movq    0x38(%rsi), %rdi
        movq    0x40(%rsi), %r8
        movq    0x48(%rsi), %r9
        movq    0x50(%rsi), %r10
        movq    0x58(%rsi), %r11
        movq    0x60(%rsi), %r12
        movq    0x68(%rsi), %r13
        movq    0x70(%rsi), %r14
        movq    0x78(%rsi), %r15
        movq    0x30(%rsi), %rsi
        call    *(%rax)
        pushq   %rsi
        movq    16(%rsp), %rsi
        movq    %rax, 0x00(%rsi)
        movq    %rcx, 0x08(%rsi)
        movq    %rdx, 0x10(%rsi)
        movq    %rbx, 0x18(%rsi)
        movq    %rbp, 0x28(%rsi)
        popq    0x30(%rsi)
        movq    %rdi, 0x38(%rsi)
        movq    %r8, 0x40(%rsi)
        movq    %r9, 0x48(%rsi)
        movq    %r10, 0x50(%rsi)
        movq    %r11, 0x58(%rsi)
        movq    %r12, 0x60(%rsi)
        movq    %r13, 0x68(%rsi)
        movq    %r14, 0x70(%rsi)
        movq    %r15, 0x78(%rsi)
        fstpl   0x20(%rsi)
        popq    %rdx
        testl   %edx, %edx
        jz      1f
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        vmovdqu %ymm\n, 128 + 32 * \n(%rsi)
        .endr
        vzeroupper
        jmp     2f
1:
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        movdqu  %xmm\n, 128 + 32 * \n(%rsi)
        .endr
2:
        popq    %rsi
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbp
        popq    %rbx
        ret
        .size   call_descriptor, . - call_descriptor

        .section .note.GNU-stack, "", @progbits
