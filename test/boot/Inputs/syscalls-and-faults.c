/* System calls, page faults and thread switches for argv[1] seconds' worth of
 * rounds, with thread-locals and all registers checked. For storms of NMIs.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static __thread long Mine[16];
static int Failures, Rounds;

/* getppid with values in the registers that a system call keeps. */
static int registersKept(long Value) {
  long Rbx = Value, R12 = Value + 1, Rdi = Value + 2, Rax = 110;
  __asm__ volatile("movq %[R12], %%r12\n\t"
                   "movq %[R12], %%r15\n\t"
                   "syscall\n\t"
                   "xorq %%r15, %%r12\n\t"
                   "xorq %[R12], %%r15\n\t"
                   "orq %%r15, %%r12\n\t"
                   "movq %%r12, %[Rax]"
                   : [Rax] "+a"(Rax), "+b"(Rbx), "+D"(Rdi)
                   : [R12] "S"(R12)
                   : "rcx", "r11", "r12", "r15", "memory");
  return Rax == 0 && Rbx == Value && Rdi == Value + 2;
}

static void *run(void *Argument) {
  long Index = (long)Argument;
  for (int I = 0; I != 16; ++I)
    Mine[I] = Index + I;
  for (int Round = 0; Round != Rounds; ++Round) {
    if (!registersKept(Index << 32 | Round))
      ++Failures;
    char *Page = mmap(0, 8192, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Page[0] = Page[4096] = 1;
    munmap(Page, 8192);
    if (Round % 16 == 0)
      sched_yield();
    for (int I = 0; I != 16; ++I)
      if (Mine[I]++ != Index + I + Round)
        ++Failures;
  }
  return 0;
}

int main(int argc, char **argv) {
  Rounds = argc > 1 ? atoi(argv[1]) : 1000;
  pthread_t Threads[3];
  puts("started");
  fflush(stdout);
  for (long I = 0; I != 3; ++I)
    pthread_create(&Threads[I], 0, run, (void *)(I * 100));
  run((void *)1000);
  for (int I = 0; I != 3; ++I)
    pthread_join(Threads[I], 0);
  printf("failures: %d\n", Failures);
  return Failures != 0;
}
