/* Points FS at canonical addresses where nothing is mapped, and then does what
 * brings the kernel in: system calls, page faults, timer interrupts. The kernel
 * must get along, and FS must hold what was put there.
 *
 * No libc is called while FS is away. Built without the stack protector, whose
 * canary is in FS.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>
#include <sys/mman.h>

enum {
  SYS_getppid = 110,
  SYS_arch_prctl = 158,
  ARCH_SET_FS = 0x1002,
  ARCH_GET_FS = 0x1003
};

static inline long syscall2(long Number, long A, long B) {
  long Result;
  __asm__ volatile("syscall"
                   : "=a"(Result)
                   : "a"(Number), "D"(A), "S"(B)
                   : "rcx", "r11", "memory");
  return Result;
}

static unsigned long getFs(void) {
  unsigned long Value = 0;
  syscall2(SYS_arch_prctl, ARCH_GET_FS, (long)&Value);
  return Value;
}

#define PAGES 200
#define SPIN 30000000 /* turns: many ticks of the timer on any machine */

int main(void) {
  /* Addresses of the lower half, the last ones included. */
  static const unsigned long Bases[] = {0x1000, 0x123456789000, 0x7fffdeadb000,
                                        0x7fffffffefff};
  unsigned long Home = getFs();
  long Bad = 0;
  for (unsigned I = 0; I != sizeof(Bases) / sizeof(Bases[0]); ++I) {
    volatile char *Fresh = mmap(0, PAGES * 4096, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long Set = syscall2(SYS_arch_prctl, ARCH_SET_FS, (long)Bases[I]);
    for (int P = 0; P != PAGES; ++P) {
      Fresh[P * 4096] = (char)P; /* a page fault each */
      syscall2(SYS_getppid, 0, 0);
      if (getFs() != Bases[I])
        ++Bad;
    }
    for (volatile int N = 0; N != SPIN / 10; ++N)
      ;
    unsigned long After = getFs();
    syscall2(SYS_arch_prctl, ARCH_SET_FS, (long)Home);
    for (int P = 0; P != PAGES; ++P)
      if (Fresh[P * 4096] != (char)P)
        ++Bad;
    if (Set || After != Bases[I])
      ++Bad;
    printf("FS %#lx: set %ld, then %#lx\n", Bases[I], Set, After);
  }
  /* Not canonical: refused, and FS stays. */
  long Refused = syscall2(SYS_arch_prctl, ARCH_SET_FS, 0x800000000000);
  printf("FS 0x800000000000: %ld, home %s\n", Refused,
         getFs() == Home ? "kept" : "lost");
  printf("bad: %ld\n", Bad);
  return Bad != 0;
}
