/* Between the kernel and a program that it has loaded itself (app.h): its first
 * instructions, its calls of kernel functions, and its __tls_get_addr.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "cpu/config.h"

    .text

    .globl app_start
app_start:
    movq %rsp, %rdi
    callq app_main
    ud2

    .globl app_thread_start
app_thread_start:
    callq app_thread_main
    ud2

/* A call of the kernel function in R11. It runs on the thread's kernel stack, as in
 * a system call, since who is interrupted is told by RSP, and what runs on the
 * program's stack may be ended anywhere (frame.h). The frame that is left in front is
 * what a system call would leave, as far as anyone looks: where the program is.
 * Neither FS nor GS is touched. Arguments are in registers alone; the result is in
 * RAX. On the kernel stack already (a callback): a plain call. */
    .globl app_gate
app_gate:
    testq %rsp, %rsp
    js 1f
    movq %rsp, %r10
    movq %SEGSHIFT_SLOT_SEG:SEGSHIFT_SLOT_SYSCALL_STACK, %rsp
    subq $SEGSHIFT_FRAME_SIZE, %rsp
    movq %r10, SEGSHIFT_FRAME_RSP(%rsp)
    movq (%r10), %rax
    movq %rax, SEGSHIFT_FRAME_RIP(%rsp)
    movq $SEL_KCODE, SEGSHIFT_FRAME_CS(%rsp)
    movq $SEL_KDATA, SEGSHIFT_FRAME_SS(%rsp)
    movq $0x202, SEGSHIFT_FRAME_RFLAGS(%rsp)
    movq $SEGSHIFT_VECTOR_SYSCALL, SEGSHIFT_FRAME_VECTOR(%rsp)
    callq *%r11
    movq %rax, SEGSHIFT_FRAME_RAX(%rsp)
    callq app_leave
    movq SEGSHIFT_FRAME_RAX(%rsp), %rax
    movq SEGSHIFT_FRAME_RSP(%rsp), %rsp
    retq
1:  jmpq *%r11

/* The program's __tls_get_addr (app_tls.h). It means FS, the program's: *(u64 *)RDI
 * is where an image is, the next one the place in it. */
    .globl app_tls_get_addr
app_tls_get_addr:
    movq %fs:0, %rax
    addq (%rdi), %rax
    addq 8(%rdi), %rax
    retq

    .section .note.GNU-stack, "", @progbits
