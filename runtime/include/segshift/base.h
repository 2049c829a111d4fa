/* The FS and GS bases: read, written, and switched between threads.
 *
 * rdfsbase, wrgsbase and their kin where CPUID and CR4 allow them, the MSRs
 * otherwise (Intel SDM volume 4: IA32_FS_BASE, IA32_GS_BASE). Which of the two
 * is chosen once, by the boot processor, and remembered in one plain global: no
 * function here reads TLS, and none reads memory through FS.
 *
 * All functions need privilege level 0, unless they say otherwise. A base that
 * is not canonical raises #GP, by either way.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SEGSHIFT_BASE_H
#define SEGSHIFT_BASE_H

#include "segshift/abi.h"

#include <stdbool.h>
#include <stdint.h>

/* Inlined even into functions without a stack protector: a base changes between
 * no function's prologue and epilogue but the caller's. */
#define SEGSHIFT_INLINE static inline __attribute__((always_inline))

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the instructions are used. False until segshift_base_init, so that
 * everything works, by MSR, before it. Written by segshift_base_init alone. */
extern bool segshift_fsgsbase __attribute__((visibility("hidden")));

/* Boot processor, once, before any other processor runs. With `enable`, sets
 * CR4.FSGSBASE where the CPU has it (CPUID.(7,0):EBX[0]); otherwise takes CR4
 * as it is. Then chooses between instructions and MSRs. */
void segshift_base_init(bool enable);

/* Every other processor, before it uses anything else here: brings its
 * CR4.FSGSBASE in line with the choice made. Returns 0, or -SEGSHIFT_ENODEV if
 * the choice is the instructions and this processor lacks them: it must not be
 * used then. */
int segshift_base_init_cpu(void);

SEGSHIFT_INLINE uint64_t segshift_rdmsr(uint32_t msr) {
  uint32_t low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
  return (uint64_t)high << 32 | low;
}

/* "memory": what lies at a TLS address changes with the base. */
SEGSHIFT_INLINE void segshift_wrmsr(uint32_t msr, uint64_t value) {
  __asm__ volatile("wrmsr"
                   :
                   : "c"(msr), "a"((uint32_t)value),
                     "d"((uint32_t)(value >> 32))
                   : "memory");
}

SEGSHIFT_INLINE uint64_t segshift_read_fs_base(void) {
  uint64_t base;
  if (__builtin_expect(!segshift_fsgsbase, 0))
    return segshift_rdmsr(SEGSHIFT_MSR_FS_BASE);
  __asm__ volatile("rdfsbase %0" : "=r"(base));
  return base;
}

SEGSHIFT_INLINE void segshift_write_fs_base(uint64_t base) {
  if (__builtin_expect(!segshift_fsgsbase, 0))
    segshift_wrmsr(SEGSHIFT_MSR_FS_BASE, base);
  else
    __asm__ volatile("wrfsbase %0" : : "r"(base) : "memory");
}

SEGSHIFT_INLINE uint64_t segshift_read_gs_base(void) {
  uint64_t base;
  if (__builtin_expect(!segshift_fsgsbase, 0))
    return segshift_rdmsr(SEGSHIFT_MSR_GS_BASE);
  __asm__ volatile("rdgsbase %0" : "=r"(base));
  return base;
}

SEGSHIFT_INLINE void segshift_write_gs_base(uint64_t base) {
  if (__builtin_expect(!segshift_fsgsbase, 0))
    segshift_wrmsr(SEGSHIFT_MSR_GS_BASE, base);
  else
    __asm__ volatile("wrgsbase %0" : : "r"(base) : "memory");
}

/* The application's GS base while the kernel runs, where applications are in
 * ring 3 and entries do swapgs. There is no instruction for it. */
SEGSHIFT_INLINE uint64_t segshift_read_kernel_gs_base(void) {
  return segshift_rdmsr(SEGSHIFT_MSR_KERNEL_GS_BASE);
}

SEGSHIFT_INLINE void segshift_write_kernel_gs_base(uint64_t base) {
  segshift_wrmsr(SEGSHIFT_MSR_KERNEL_GS_BASE, base);
}

#ifdef __cplusplus
}
#endif

#endif
