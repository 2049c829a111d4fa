/* GS_BASE of the running thread: by instruction, or by arch_prctl(2), which a
 * seccomp filter may refuse or pretend to do.
 *
 * Functions return 0 or a negated error number.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_HOSTED_GS_H
#define SEGSHIFT_HOSTED_GS_H

#include "linux.h"
#include "segshift/abi.h"
#include "segshift/hosted.h"

static inline int arch_prctl(int what, void *argument) {
  long result = linux_call(SYS_arch_prctl, what, (long)argument, 0, 0, 0, 0);
  return result < 0 ? (int)result : result ? -EIO_ : 0;
}

/* -EIO: Linux says that it has done it, and has not. */
static inline int gs_base_by_call(void **base) {
  void *nothing = &nothing, *now = nothing; /* nobody's GS_BASE is here */
  int error = arch_prctl(SEGSHIFT_ARCH_GET_GS, &now);
  if (!error && now == nothing)
    error = -EIO_;
  *base = now;
  return error;
}

static inline int set_gs_base_by_call(void *base) {
  void *now;
  int error = arch_prctl(SEGSHIFT_ARCH_SET_GS, base);
  if (!error)
    error = gs_base_by_call(&now);
  return error ? error : now == base ? 0 : -EIO_;
}

static inline int gs_base(void **base) {
  if (!segshift_world_fsgsbase)
    return gs_base_by_call(base);
  *base = segshift_world_gs_base();
  return 0;
}

static inline int set_gs_base(void *base) {
  if (!segshift_world_fsgsbase)
    return set_gs_base_by_call(base);
  __asm__ volatile("wrgsbase %0" : : "r"(base) : "memory");
  return 0;
}

#endif
