/* Every function checks the stack protector's canary, at %fs:0x28 in a program.
 * The program changes its canary, as no kernel may notice, and calls the kernel
 * in all ways from protected functions.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>
#include <unistd.h>

static unsigned long canary(void) {
  unsigned long Value;
  __asm__ volatile("mov %%fs:0x28, %0" : "=r"(Value));
  return Value;
}

__attribute__((noinline)) static int protectedWork(int N) {
  volatile char Buffer[64];
  static char Fresh[64 * 4096];
  for (int I = 0; I != 64; ++I)
    Buffer[I] = (char)(N + I);
  getppid();
  Fresh[N * 4096] = 1;
  return Buffer[N];
}

__attribute__((noinline, no_stack_protector)) static void setCanary(unsigned long V) {
  __asm__ volatile("mov %0, %%fs:0x28" ::"r"(V));
}

__attribute__((noinline)) static int body(unsigned long Value) {
  int Bad = 0;
  for (int N = 0; N != 64; ++N) {
    protectedWork(N);
    Bad += canary() != Value;
  }
  return Bad;
}

int main(void) {
  unsigned long Old = canary();
  int Bad = 0;
  for (unsigned long Value = 1; Value; Value <<= 8) {
    setCanary(Value);
    Bad += body(Value);
  }
  setCanary(Old);
  printf("canary: %d changed\n", Bad);
  return Bad != 0;
}
