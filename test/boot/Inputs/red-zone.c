/* Keeps values in the 128 bytes below the stack pointer while the timer ticks,
 * and lets faults and interrupts find the stack at every 16-byte misalignment.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>

/* Fills the red zone of a stack pointer lowered by Skew, spins, and counts the
 * words that changed. */
static long spin(long Skew, long Turns, volatile char *Touch) {
  long Bad = 0;
  __asm__ volatile("mov %%rsp, %%r8\n\t"
                   "sub $512, %%rsp\n\t"
                   "sub %[skew], %%rsp\n\t"
                   "mov $-128, %%rcx\n"
                   "1: mov %%rcx, (%%rsp, %%rcx)\n\t"
                   "add $8, %%rcx\n\t"
                   "jnz 1b\n\t"
                   "movb $1, (%[touch])\n" /* a page fault */
                   "2: dec %[turns]\n\t"
                   "jnz 2b\n\t"
                   "mov $-128, %%rcx\n"
                   "3: cmp %%rcx, (%%rsp, %%rcx)\n\t"
                   "je 4f\n\t"
                   "inc %[bad]\n"
                   "4: add $8, %%rcx\n\t"
                   "jnz 3b\n\t"
                   "mov %%r8, %%rsp\n"
                   : [bad] "+r"(Bad), [turns] "+r"(Turns)
                   : [skew] "r"(Skew), [touch] "r"(Touch)
                   : "rcx", "r8", "memory", "cc");
  return Bad;
}

static char Pages[32 * 4096];

int main(void) {
  long Bad = 0;
  for (int Skew = 0; Skew != 32; ++Skew)
    Bad += spin(Skew, 5000000, Pages + Skew * 4096);
  printf("red zone: %ld words lost\n", Bad);
  return Bad != 0;
}
