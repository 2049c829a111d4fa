/* musl's __clone, without threads: CLONE_SETTLS would load FS, and a thread that the
 * host does not know cannot be. pthread_create then gives EAGAIN. posix_spawn, popen
 * and system work (their child shares memory, and ends by execve).
 *
 *   int __clone(int (*)(void *), void *stack, int flags, void *argument,
 *               int *parent_tid, void *tls, int *child_tid)
 *   the child's number, or a negated error number
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define SYS_clone 56
#define SYS_exit 60
#define ENOSYS 38
#define CLONE_SETTLS 0x80000

        .text
        .globl  __clone
        .hidden __clone
        .type   __clone, @function
__clone:
        testl   $CLONE_SETTLS, %edx
        jnz     .Lrefuse
        /* The child's stack: the function, then its argument. */
        andq    $-16, %rsi
        subq    $16, %rsi
        movq    %rdi, (%rsi)
        movq    %rcx, 8(%rsi)
        movl    %edx, %edi
        movq    %r8, %rdx
        movq    8(%rsp), %r10
        movl    $SYS_clone, %eax
        syscall
        testq   %rax, %rax
        jz      .Lchild
        ret
.Lchild:
        xorl    %ebp, %ebp
        popq    %rax
        popq    %rdi
        call    *%rax
        movl    %eax, %edi
        movl    $SYS_exit, %eax
        syscall
        hlt
.Lrefuse:
        movl    $-ENOSYS, %eax
        ret
        .size   __clone, . - __clone

/* musl's own would set FS. It is there because __copy_tls is in the same file as
 * __init_tp; nothing calls it. */
        .globl  __set_thread_area
        .hidden __set_thread_area
        .type   __set_thread_area, @function
__set_thread_area:
        movl    $-ENOSYS, %eax
        ret
        .size   __set_thread_area, . - __set_thread_area

        .section .note.GNU-stack, "", @progbits
