/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "segshift/base.h"

bool segshift_fsgsbase;

static void cpuid(uint32_t leaf, uint32_t *eax, uint32_t *ebx) {
  uint32_t ecx = 0, edx;
  __asm__ volatile("cpuid"
                   : "=a"(*eax), "=b"(*ebx), "+c"(ecx), "=d"(edx)
                   : "a"(leaf));
}

/* CPUID.(EAX=7,ECX=0):EBX[0], Intel SDM volume 2A. */
static bool cpu_has_fsgsbase(void) {
  uint32_t eax, ebx;
  cpuid(0, &eax, &ebx);
  if (eax < 7)
    return false;
  cpuid(7, &eax, &ebx);
  return ebx & 1;
}

static uint64_t read_cr4(void) {
  uint64_t cr4;
  __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
  return cr4;
}

static void write_cr4(uint64_t cr4) {
  __asm__ volatile("movq %0, %%cr4" : : "r"(cr4) : "memory");
}

void segshift_base_init(bool enable) {
  if (enable && cpu_has_fsgsbase())
    write_cr4(read_cr4() | SEGSHIFT_CR4_FSGSBASE);
  /* The bit cannot be set on a CPU without the instructions. */
  segshift_fsgsbase = read_cr4() & SEGSHIFT_CR4_FSGSBASE;
}

int segshift_base_init_cpu(void) {
  uint64_t cr4 = read_cr4();
  if (!segshift_fsgsbase) {
    write_cr4(cr4 & ~(uint64_t)SEGSHIFT_CR4_FSGSBASE);
    return 0;
  }
  if (!cpu_has_fsgsbase())
    return -SEGSHIFT_ENODEV;
  write_cr4(cr4 | SEGSHIFT_CR4_FSGSBASE);
  return 0;
}
