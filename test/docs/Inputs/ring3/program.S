/* In ring 3, without a stack. rbx: whether there is wrgsbase. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
        .text
        .globl  program
program:
        movl    $0x1111000, %edi        /* GS base as it is */
        movl    $1, %eax
        syscall
        int3
        int     $2
        testl   %ebx, %ebx
        jz      1f
        movabsq $0xffff800000001000, %rdi       /* looks like a kernel's */
        wrgsbase %rdi
1:      movl    $2, %eax
        syscall
        int3
        movl    $3, %eax
        syscall
        ud2
        .section .note.GNU-stack, "", @progbits
