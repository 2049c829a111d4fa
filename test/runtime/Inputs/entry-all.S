/* Every macro of entry.h, once. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <segshift/entry.h>
        SEGSHIFT_BOOT_TCB boot_tcb, 0x1122334455667700, 64
        .text
boot:
        SEGSHIFT_LOAD_BOOT_TP boot_tcb
trap:
        SEGSHIFT_ENTER_TRAP
        movq    %rsp, %rdi
        SEGSHIFT_LEAVE_TRAP
paranoid:
        SEGSHIFT_ENTER_PARANOID
        SEGSHIFT_LEAVE_PARANOID
syscall:
        SEGSHIFT_ENTER_SYSCALL 0x08, 0x10
        SEGSHIFT_LEAVE_SYSCALL
