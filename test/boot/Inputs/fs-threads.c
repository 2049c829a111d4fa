/* fs-threads tls|prctl|wrfsbase: 16 threads compute side by side, each with an
 * FS of its own, and check it over and over.
 *
 *   tls       FS as the libc set it: each thread changes its __thread variables
 *   prctl     each thread keeps setting FS, by arch_prctl
 *   wrfsbase  the same by the instruction, which the kernel does not see
 *
 * While a thread's FS is its own, no libc is called and no canary is read.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

enum {
  SYS_sched_yield = 24,
  SYS_arch_prctl = 158,
  ARCH_SET_FS = 0x1002,
  ARCH_GET_FS = 0x1003
};
enum { HWCAP2_FSGSBASE = 2 };
enum { THREADS = 16, TURNS = 60, SPIN = 10000 };

static __thread volatile unsigned long Own[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static enum { Tls, Prctl, Wrfsbase } How;
static unsigned long Lost[THREADS];
static unsigned long Block[THREADS][2]
                          [16]; /* FS:0 is a mark of the block's own */

static inline long syscall2(long Number, long A, long B) {
  long Result;
  __asm__ volatile("syscall"
                   : "=a"(Result)
                   : "a"(Number), "D"(A), "S"(B)
                   : "rcx", "r11", "memory");
  return Result;
}

static inline void spin(void) {
  for (volatile int N = 0; N != SPIN; ++N)
    ;
}

static unsigned long getFs(void) {
  unsigned long Value = 0;
  if (How == Prctl)
    syscall2(SYS_arch_prctl, ARCH_GET_FS, (long)&Value);
  else
    __asm__ volatile("rdfsbase %0" : "=r"(Value));
  return Value;
}

static void setFs(unsigned long Value) {
  if (How == Prctl)
    syscall2(SYS_arch_prctl, ARCH_SET_FS, (long)Value);
  else
    __asm__ volatile("wrfsbase %0" ::"r"(Value));
}

static void *changeFs(void *Argument) {
  unsigned long Me = (unsigned long)Argument, Home = getFs(), Bad = 0;
  for (int Turn = 0; Turn != TURNS; ++Turn) {
    unsigned long *Mine = Block[Me][Turn & 1], Mark;
    setFs((unsigned long)Mine);
    spin();
    if (Turn % 8 == 0)
      syscall2(SYS_sched_yield, 0, 0);
    __asm__ volatile("mov %%fs:0, %0" : "=r"(Mark));
    if (Mark != Mine[0] || getFs() != (unsigned long)Mine)
      ++Bad;
  }
  setFs(Home);
  Lost[Me] = Bad;
  return 0;
}

static void *changeTls(void *Argument) {
  unsigned long Me = (unsigned long)Argument, Bad = 0;
  for (unsigned long I = 0; I != 8; ++I)
    Bad += Own[I] != I + 1;
  for (int Turn = 0; Turn != TURNS; ++Turn) {
    for (unsigned long I = 0; I != 8; ++I)
      Own[I] = Me * 1000 + Turn + I;
    spin();
    if (Turn % 8 == 0)
      syscall2(SYS_sched_yield, 0, 0);
    for (unsigned long I = 0; I != 8; ++I)
      Bad += Own[I] != Me * 1000 + Turn + I;
  }
  Lost[Me] = Bad;
  return 0;
}

int main(int Argc, char **Argv) {
  const char *Way = Argc > 1 ? Argv[1] : "tls";
  How = !strcmp(Way, "prctl")      ? Prctl
        : !strcmp(Way, "wrfsbase") ? Wrfsbase
                                   : Tls;
  if (How == Wrfsbase && !(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE)) {
    printf("no FSGSBASE for programs\n");
    return 77;
  }
  for (unsigned long T = 0; T != THREADS; ++T)
    for (unsigned long I = 0; I != 2; ++I)
      Block[T][I][0] = 0x5e60000 + T * 2 + I;
  pthread_t Threads[THREADS];
  for (unsigned long T = 0; T != THREADS; ++T)
    if (pthread_create(&Threads[T], 0, How == Tls ? changeTls : changeFs,
                       (void *)T)) {
      printf("no thread %lu\n", T);
      return 1;
    }
  unsigned long Bad = 0;
  for (unsigned long T = 0; T != THREADS; ++T) {
    pthread_join(Threads[T], 0);
    Bad += Lost[T];
  }
  printf("%s: %d threads, %lu values lost\n", Way, THREADS, Bad);
  return Bad != 0;
}
