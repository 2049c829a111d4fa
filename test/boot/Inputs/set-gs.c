/* Asks for a GS base of its own by arch_prctl: in ring 0 the kernel refuses,
 * and goes on. Prints the results, negative errno values.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>

enum { SYS_arch_prctl = 158, ARCH_SET_GS = 0x1001, ARCH_GET_GS = 0x1004 };

static __thread int Mine = 5;

static long prctl(long Code, unsigned long Address) {
  long Result;
  __asm__ volatile("syscall"
                   : "=a"(Result)
                   : "a"(SYS_arch_prctl), "D"(Code), "S"(Address)
                   : "rcx", "r11", "memory");
  return Result;
}

int main(void) {
  static unsigned long Block[64];
  long Set = prctl(ARCH_SET_GS, (unsigned long)Block);
  long Zero = prctl(ARCH_SET_GS, 0);
  printf("ARCH_SET_GS: %ld %ld\n", Set, Zero);
  printf("Mine = %d\n", Mine);
  return 0;
}
