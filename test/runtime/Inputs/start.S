/* The start of kernel.c: a boot TCB before the first C function. A kernel would
 * use SEGSHIFT_LOAD_BOOT_TP, which a process may not: Linux writes the MSR here.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <segshift/entry.h>

        SEGSHIFT_BOOT_TCB boot_tcb, 0x5544332211ff0000, 0

        .text
        .globl  _start
_start:
#ifndef NO_BOOT_TCB
        leaq    boot_tcb(%rip), %rsi
        movq    %rsi, SEGSHIFT_TCB_SELF(%rsi)
        movq    %rsi, SEGSHIFT_TCB_SELF2(%rsi)
        movl    $SEGSHIFT_ARCH_SET_GS, %edi
        movl    $158, %eax              # arch_prctl
        syscall
#endif
        movq    %rsp, %rdi
        andq    $-16, %rsp
        call    run
        ud2
