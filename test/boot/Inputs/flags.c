/* System calls with flags of the program's that must not reach the kernel: each alone,
 * then all. A flag is the program's again afterwards. In ring 0 IOPL too, which ring 3
 * cannot change.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { TF = 0x100, DF = 0x400, IOPL = 0x3000, NT = 0x4000, AC = 0x40000 };

static void trapped(int Signal) { (void)Signal; }

/* getpid; the flags after it. */
static unsigned long callWith(unsigned long Flags) {
  unsigned long After, Result;
  __asm__ volatile("pushfq\n\t"
                   "orq %[flags], (%%rsp)\n\t"
                   "popfq\n\t"
                   "syscall\n\t"
                   "pushfq\n\t"
                   "movq (%%rsp), %[after]\n\t"
                   "andq $~0x47500, (%%rsp)\n\t"
                   "popfq"
                   : [after] "=&r"(After), "=a"(Result)
                   : [flags] "r"(Flags), "a"(39)
                   : "rcx", "r11", "memory", "cc");
  if (Result == 0 || Result > 1 << 22)
    exit(1);
  return After & Flags;
}

int main(void) {
  static const unsigned long Flags[] = {TF, DF, IOPL, NT, AC, DF | IOPL | NT | AC};
  signal(SIGTRAP, trapped);
  for (int I = 0; I != sizeof(Flags) / sizeof(*Flags); ++I)
    printf("%#lx: %#lx\n", Flags[I], callWith(Flags[I]) & ~IOPL);
  return 0;
}
