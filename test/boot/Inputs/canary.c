/* The stack protector's canary is at %fs:0x28 in a program, and the program's
 * to change. One thread changes another's while that one is in the kernel,
 * asleep in a system call: functions of the kernel that check a canary of their
 * own are under way then. And a program compiled to check its canary everywhere
 * finds it as it was, after system calls and faults.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { SYS_nanosleep = 35 };

static volatile unsigned long *Canary; /* the main thread's */
static atomic_int Go, Stop, Stopped;

static unsigned long canary(void) {
  unsigned long Value;
  __asm__ volatile("mov %%fs:0x28, %0" : "=r"(Value));
  return Value;
}

static inline void sleepMicroseconds(long N) {
  struct timespec Time = {0, N * 1000};
  long Result;
  __asm__ volatile("syscall"
                   : "=a"(Result)
                   : "a"(SYS_nanosleep), "D"(&Time), "S"(0)
                   : "rcx", "r11", "memory");
}

static void *changeOther(void *Ignored) {
  while (!Go)
    sleepMicroseconds(1000);
  while (!Stop) {
    ++*Canary;
    sleepMicroseconds(1000);
  }
  Stopped = 1;
  return Ignored;
}

/* While its canary changes, no protected function of the main thread may be
 * under way: none of libc's either. */
__attribute__((no_stack_protector)) static long sleepWhileItChanges(void) {
  pthread_t Thread;
  unsigned long Old = *Canary, Seen = Old;
  long Changes = 0;
  if (pthread_create(&Thread, 0, changeOther, 0))
    return -1;
  Go = 1;
  while (Changes != 10) { /* else the test's time-out ends it */
    sleepMicroseconds(5000);
    Changes += *Canary != Seen;
    Seen = *Canary;
  }
  Stop = 1;
  while (!Stopped)
    sleepMicroseconds(1000);
  *Canary = Old;
  pthread_join(Thread, 0);
  return Changes;
}

__attribute__((noinline)) static int protectedWork(int N) {
  volatile char Buffer[64];
  static volatile char Fresh[64 * 4096];
  for (int I = 0; I != 64; ++I)
    Buffer[I] = (char)(N + I);
  getppid();
  Fresh[N * 4096] = 1; /* a page fault */
  return Buffer[N];
}

__attribute__((no_stack_protector)) int main(void) {
  unsigned long Tp, Old = canary();
  __asm__("mov %%fs:0, %0" : "=r"(Tp));
  Canary = (unsigned long *)(Tp + 0x28);
  int Lost = 0;
  for (int N = 0; N != 64; ++N) {
    protectedWork(N);
    Lost += canary() != Old;
  }
  printf("canary: lost %d times\n", Lost);
  printf("canary: changed %ld times while in the kernel\n",
         sleepWhileItChanges());
  return 0;
}
