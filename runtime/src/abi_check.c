/* The numbers that assembly uses, against the C structures they stand for.
 * Compiles to nothing.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "segshift/abi.h"
#include "segshift/dtv.h"
#include "segshift/entry.h"
#include "segshift/tls.h"

#include <stddef.h>

#define AT(type, member, number)                                               \
  _Static_assert(offsetof(struct type, member) == (number),                    \
                 #type "." #member " is not at " #number)

AT(segshift_tcb, self, SEGSHIFT_TCB_SELF);
AT(segshift_tcb, dtv, SEGSHIFT_TCB_DTV);
AT(segshift_tcb, self2, SEGSHIFT_TCB_SELF2);
AT(segshift_tcb, canary, SEGSHIFT_TCB_CANARY);
AT(segshift_tcb, pointer_guard, SEGSHIFT_TCB_PTR_GUARD);
AT(segshift_tcb, split_stack, SEGSHIFT_TCB_SPLIT_STACK);
_Static_assert(sizeof(struct segshift_tcb) == SEGSHIFT_TCB_KERNEL,
               "the kernel's slots do not follow the TCB");
_Static_assert((SEGSHIFT_TLS_MIN_ALIGN & (SEGSHIFT_TLS_MIN_ALIGN - 1)) == 0,
               "SEGSHIFT_TLS_MIN_ALIGN is no power of two");

_Static_assert(sizeof(struct segshift_dtv) == SEGSHIFT_DTV_SLOTS,
               "a DTV's slots are not at SEGSHIFT_DTV_SLOTS");
AT(segshift_dtv_slot, module, 0);
AT(segshift_dtv_slot, block, SEGSHIFT_DTV_SLOT_BLOCK);
_Static_assert(sizeof(struct segshift_dtv_slot) == 1 << SEGSHIFT_DTV_SLOT_SHIFT,
               "a DTV slot is not 1 << SEGSHIFT_DTV_SLOT_SHIFT bytes");
AT(segshift_tls_index, module, 0);
AT(segshift_tls_index, offset, 8);
AT(segshift_tlsdesc, argument, 8);

AT(segshift_frame, r15, 0);
AT(segshift_frame, r11, SEGSHIFT_FRAME_R11);
AT(segshift_frame, rcx, SEGSHIFT_FRAME_RCX);
AT(segshift_frame, rax, SEGSHIFT_FRAME_RAX);
AT(segshift_frame, vector, SEGSHIFT_FRAME_VECTOR);
AT(segshift_frame, error, SEGSHIFT_FRAME_ERROR);
AT(segshift_frame, rip, SEGSHIFT_FRAME_RIP);
AT(segshift_frame, cs, SEGSHIFT_FRAME_CS);
AT(segshift_frame, rflags, SEGSHIFT_FRAME_RFLAGS);
AT(segshift_frame, rsp, SEGSHIFT_FRAME_RSP);
AT(segshift_frame, ss, SEGSHIFT_FRAME_SS);
_Static_assert(sizeof(struct segshift_frame) == SEGSHIFT_FRAME_SIZE,
               "the frame is not SEGSHIFT_FRAME_SIZE bytes");
_Static_assert(SEGSHIFT_FRAME_SIZE % 16 == 0,
               "rsp is not 16-aligned after an entry");
_Static_assert(SEGSHIFT_SLOT_SYSCALL_STACK >= SEGSHIFT_TCB_KERNEL &&
                   SEGSHIFT_SLOT_SAVED_RSP >= SEGSHIFT_TCB_KERNEL,
               "a system-call slot lies in the TCB");
