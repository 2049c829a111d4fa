/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef SEGSHIFT_KEEP_FS
#error this file is to be left alone
#endif
        .globl  its_start
        .type   its_start, @function
its_start:                              /* KEEP_FS_SOURCES */
        movq    %fs:0, %rax
        ret
        .size   its_start, . - its_start
        .section .note.GNU-stack, "", @progbits
