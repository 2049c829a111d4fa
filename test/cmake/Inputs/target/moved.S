/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifdef SEGSHIFT_KEEP_FS
#error this file is to be moved
#endif
        .globl  in_assembly, its_errno
        .type   in_assembly, @function
        .type   its_errno, @function
in_assembly:
        movl    %fs:initialised@tpoff, %eax
        ret
        .size   in_assembly, . - in_assembly
its_errno:                              /* KEEP_FS */
        movl    %fs:-4, %eax
        ret
        .size   its_errno, . - its_errno
        .section .note.GNU-stack, "", @progbits
