# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# f counts on h leaving %rcx alone; g names a section. Their sections come last.
        .section .text.f,"ax",@progbits
        .type   f,@function
f:      movq    x@gottpoff(%rip), %rcx
        callq   h
        movl    %fs:(%rcx), %eax
        retq
        .size   f, .-f
        .type   g,@function
g:      movl    %fs:.tbss@tpoff, %eax
        retq
        .size   g, .-g
        .section .text.h,"ax",@progbits
        .type   h,@function
h:      xorl    %eax, %eax
        retq
        .size   h, .-h
        .section .tbss,"awT",@nobits
        .zero   8
        .type   x,@object
x:      .zero   8
        .size   x, 8
