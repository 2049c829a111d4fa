/* In ring 0, two threads with a variable at %fs:-8; no tool moves this file.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
        .text
        .globl  program, block1, block2
program:
        movl    $1, %eax                /* set FS, as arch_prctl does */
        leaq    block1(%rip), %rdi
        syscall
        movl    $2, %eax                /* a thread, as by clone */
        leaq    run(%rip), %rdi
        leaq    block2(%rip), %rsi
        syscall
run:    movl    $3, %ebx
1:      incq    %fs:-8
        int3
        xorl    %eax, %eax              /* to the other thread */
        syscall
        decl    %ebx
        jnz     1b
        movl    $3, %eax                /* the end, with what it saw */
        movq    %fs:0, %rdi
        movq    %fs:-8, %rsi
        syscall

        .data
        .balign 64
        .skip   56
        .quad   100
block1: .quad   block1
        .skip   48
        .quad   200
block2: .quad   block2
        .section .note.GNU-stack, "", @progbits
