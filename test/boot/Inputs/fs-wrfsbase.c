/* Changes FS by wrfsbase, without telling the kernel, and checks it over a long
 * time of computing and sleeping: the kernel must not bring an old value back
 * when it switches threads.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>
#include <sys/auxv.h>

enum { SYS_sched_yield = 24, HWCAP2_FSGSBASE = 2 };

static inline unsigned long rdfsbase(void) {
  unsigned long Value;
  __asm__ volatile("rdfsbase %0" : "=r"(Value));
  return Value;
}

static inline void wrfsbase(unsigned long Value) {
  __asm__ volatile("wrfsbase %0" ::"r"(Value));
}

static inline void yield(void) {
  long Result;
  __asm__ volatile("syscall" : "=a"(Result) : "a"(SYS_sched_yield) : "rcx", "r11", "memory");
}

static unsigned long Block[2][64]; /* FS:0 of each holds a mark of its own */

int main(void) {
  if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE)) {
    printf("no FSGSBASE for programs\n");
    return 77;
  }
  unsigned long Home = rdfsbase(), Bad = 0;
  Block[0][0] = 0x1111;
  Block[1][0] = 0x2222;
  for (int Turn = 0; Turn != 200; ++Turn) {
    unsigned long *Mine = Block[Turn & 1];
    wrfsbase((unsigned long)Mine);
    for (volatile int N = 0; N != 20000; ++N)
      ;
    if (Turn % 10 == 0)
      yield();
    unsigned long Mark;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(Mark));
    if (rdfsbase() != (unsigned long)Mine || Mark != Mine[0])
      ++Bad;
  }
  wrfsbase(Home);
  printf("wrfsbase: %lu lost\n", Bad);
  return Bad != 0;
}
