/* Words that assembly reaches by fixed offsets from %gs:0: of the CPU's block, and from
 * step 3 on of the thread's. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#if STEP == 1
#define SLOTS 0
#else
#define SLOTS 0x80
#endif
#define SLOT_STACK SLOTS
#define SLOT_SAVED_RSP (SLOTS + 8)
#if STEP < 5
#define SLOT_TCB (SLOTS + 0x10)
#define SLOT_APP_FS (SLOTS + 0x18)
#endif
#define SLOT_LAST (SLOTS + 0x20) /* the CPU's block, later the thread */
#define SLOT_BYTES 0x28
