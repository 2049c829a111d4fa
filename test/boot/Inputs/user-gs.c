/* Threads with a GS of their own, in ring 3: each sets it by arch_prctl, and where
 * the CPU has wrgsbase by that too, to bases that look like a kernel's among
 * others, and looks for its own after system calls, page faults and preemption.
 * Prints what it found wrong; exit status 1 then.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SYS_arch_prctl = 158, ARCH_SET_GS = 0x1001, ARCH_GET_GS = 0x1004 };
enum { NUM_THREADS = 8, HWCAP2_FSGSBASE = 2 };

static int Failures, Rounds;
static __thread long Mine;

static long prctl(long Code, unsigned long Argument) {
  long Result;
  __asm__ volatile("syscall"
                   : "=a"(Result)
                   : "a"(SYS_arch_prctl), "D"(Code), "S"(Argument)
                   : "rcx", "r11", "memory");
  return Result;
}

static void check(int Ok, const char *What, long Value) {
  if (!Ok && __atomic_add_fetch(&Failures, 1, __ATOMIC_RELAXED) < 10)
    printf("wrong: %s %#lx\n", What, Value);
}

static unsigned long get(void) {
  unsigned long Base = 1;
  long Result = prctl(ARCH_GET_GS, (unsigned long)&Base);
  check(Result == 0, "ARCH_GET_GS", Result);
  return Base;
}

static long load(void) {
  long Value;
  __asm__ volatile("movq %%gs:0, %0" : "=r"(Value));
  return Value;
}

static void *run(void *Argument) {
  long Index = (long)Argument;
  int HasFsgsbase = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
  long Block[2][8];
  Mine = Index * 1000;
  check(get() == 0, "inherited base of a thread", get());
  for (int I = 0; I != Rounds; ++I) {
    long *At = Block[I % 2];
    At[0] = Index << 32 | I;
    long Result = prctl(ARCH_SET_GS, (unsigned long)At);
    check(Result == 0, "ARCH_SET_GS", Result);
    for (int J = 0; J != 20; ++J) {
      check(load() == At[0], "%gs:0", load());
      if (J % 8 == 7)
        sched_yield();
      if (J % 8 == 3) { // a page fault
        char *Page = mmap(0, 4096, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *Page = 1;
        munmap(Page, 4096);
      }
    }
    check(get() == (unsigned long)At, "base", get());
    if (HasFsgsbase) {
      unsigned long Odd[] = {0, 0xffff800000000000, 0xffffffff80100000,
                             0x7fffffffffff, Index};
      for (int J = 0; J != 5; ++J) {
        unsigned long Base;
        __asm__ volatile("wrgsbase %0" : : "r"(Odd[J]));
        getppid();
        if (J == I % 5)
          sched_yield();
        __asm__ volatile("rdgsbase %0" : "=r"(Base));
        check(Base == Odd[J], "base after wrgsbase", Base);
      }
    }
    check(Mine == Index * 1000 + I, "FS", Mine);
    ++Mine;
  }
  return 0;
}

int main(int argc, char **argv) {
  Rounds = argc > 1 ? atoi(argv[1]) : 200;
  pthread_t Threads[NUM_THREADS];
  for (long I = 0; I != NUM_THREADS; ++I)
    pthread_create(&Threads[I], 0, run, (void *)(I + 1));
  for (int I = 0; I != NUM_THREADS; ++I)
    pthread_join(Threads[I], 0);
  // What Linux refuses.
  check(prctl(ARCH_SET_GS, 0x800000000000) == -1, "refusal of", 0x800000000000);
  check(prctl(ARCH_SET_GS, 1ul << 63) == -1, "refusal of", 1ul << 63);
  check(get() == 0, "base of the first thread", get());
  printf("%s\n", Failures ? "failed" : "GS is each thread's own");
  return Failures != 0;
}
