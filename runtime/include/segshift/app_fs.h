/* The application's FS base: its own in a kernel whose TLS is behind GS.
 *
 * While a thread runs, kernel entered or not, the FS register is the one record
 * of its base. The saved copy counts only while the thread does not run: it is
 * written at switch-out, from the register, and read at switch-in. So
 *  - setting FS is one instruction and there is nothing to note: an interrupt
 *    that switches threads comes before it, and then the old base is saved and
 *    restored, or after it, and then the new one is;
 *  - a program that writes FS by its own wrfsbase, or loads the FS selector,
 *    loses nothing, for no note of the kernel's goes stale;
 *  - two threads with one base, or a write skipped because the base is already
 *    there, need no thought, for the comparison is against the register.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_APP_FS_H
#define SEGSHIFT_APP_FS_H

#include "segshift/abi.h"
#include "segshift/base.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One for each thread. A new thread's is the base that it starts with: what
 * CLONE_SETTLS gives, the parent's for a fork, 0 for a new program. */
struct segshift_app_fs {
  uint64_t base;
};

/* At a thread switch, by the thread that goes, on the CPU that switches, with
 * preemption off: from the read to the write no other switch may happen on this
 * CPU. The two need not be next to each other; see the halves below. */
SEGSHIFT_INLINE void segshift_app_fs_switch(struct segshift_app_fs *from,
                                            const struct segshift_app_fs *to) {
  uint64_t base = segshift_read_fs_base();
  from->base = base;
  if (base != to->base)
    segshift_write_fs_base(to->base);
}

/* The first half alone: for fork, and to show a thread's registers. */
SEGSHIFT_INLINE void segshift_app_fs_save(struct segshift_app_fs *from) {
  from->base = segshift_read_fs_base();
}

/* The second half alone: for a thread's start. With preemption off as well: a
 * switch ahead of the write would save what is not yet this thread's. */
SEGSHIFT_INLINE void segshift_app_fs_load(const struct segshift_app_fs *to) {
  if (segshift_read_fs_base() != to->base)
    segshift_write_fs_base(to->base);
}

/* Whether `base` may be an application's FS base, as Linux decides it: below
 * the end of user addresses. Such a base is canonical, so that loading it
 * cannot fault. For CLONE_SETTLS too: Linux gives EPERM there as well. */
SEGSHIFT_INLINE bool segshift_app_fs_valid(uint64_t base, uint64_t limit) {
  return base < limit;
}

/* What arch_prctl needs to know of the kernel. */
struct segshift_app {
  /* The end of user addresses: SEGSHIFT_APP_ADDRESS_LIMIT as Linux has it. */
  uint64_t address_limit;
  /* Stores 8 bytes at an application's address. Returns 0, or
   * -SEGSHIFT_EFAULT if the application cannot write there. */
  int (*put_u64)(uint64_t address, uint64_t value);
};

/* arch_prctl(code, argument) on behalf of the running thread's application, for
 * the FS codes. Returns what the system call returns:
 *   ARCH_SET_FS  0, or -SEGSHIFT_EPERM if `argument` is at or above the limit
 *   ARCH_GET_FS  0, or what put_u64 gave
 *   else         -SEGSHIFT_EINVAL
 * ARCH_SET_GS and ARCH_GET_GS are among the others: where applications run in
 * ring 0, GS is the kernel's alone. A kernel whose applications run in ring 3
 * handles these two itself, by segshift_write_kernel_gs_base and its kin. */
int segshift_app_arch_prctl(const struct segshift_app *app, int code,
                            uint64_t argument);

#ifdef __cplusplus
}
#endif

#endif
