/* Threads that map, touch, protect, move, discard and unmap memory at the same
 * time, each its own and all of them in one address space; some pages are touched
 * by all at once. Exit status 0 if no page ever held what it should not.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { THREADS = 6, TURNS = 30, PAGES = 12, PAGE = 4096, COMMON = 64 };
enum { RW = PROT_READ | PROT_WRITE, ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

static __thread sigjmp_buf Back;
static __thread volatile uintptr_t FaultAt;
static pthread_barrier_t Barrier;
static unsigned *Common;
static long Bad[THREADS];

static void caught(int Signal, siginfo_t *Info, void *Context) {
  (void)Signal, (void)Context;
  FaultAt = (uintptr_t)Info->si_addr;
  siglongjmp(Back, 1);
}

/* Whether a write faults there. */
static int faults(volatile char *P) {
  FaultAt = 0;
  if (!sigsetjmp(Back, 1))
    *P = 1;
  return FaultAt == (uintptr_t)P;
}

#define CHECK(Condition) (Bad[Me] += !(Condition))

static void turn(long Me, int Turn) {
  char *P = mmap(0, PAGES * PAGE, RW, ANONYMOUS, -1, 0);
  char Mark = (char)(Me * 31 + Turn | 1);
  for (int I = 0; I != PAGES; ++I) {
    CHECK(P[I * PAGE] == 0);
    memset(P + I * PAGE, Mark, PAGE);
  }
  /* After mprotect no CPU may write by an old translation. */
  char *Q = P + (Turn % (PAGES - 4)) * PAGE;
  CHECK(mprotect(Q, 2 * PAGE, PROT_READ) == 0);
  CHECK(faults(Q) && faults(Q + PAGE) && Q[1] == Mark);
  CHECK(mprotect(Q, PAGE, PROT_NONE) == 0 && faults(Q));
  CHECK(mprotect(Q, 2 * PAGE, RW) == 0 && Q[0] == Mark && Q[PAGE] == Mark);
  CHECK(madvise(Q + 2 * PAGE, PAGE, MADV_DONTNEED) == 0 && Q[2 * PAGE] == 0);
  memset(Q + 2 * PAGE, Mark, PAGE);
  char *New = mremap(P, PAGES * PAGE, 2 * PAGES * PAGE, MREMAP_MAYMOVE);
  CHECK(New != MAP_FAILED);
  for (int I = 0; I != 2 * PAGES; ++I)
    CHECK(New[I * PAGE + 7] == (I < PAGES ? Mark : 0));
  CHECK(munmap(New + PAGE, PAGE) == 0);
  CHECK(munmap(New, 2 * PAGES * PAGE) == 0);
}

static void *work(void *Argument) {
  long Me = (long)Argument;
  for (int Turn = 0; Turn != TURNS; ++Turn)
    turn(Me, Turn);
  /* The first touch of each page, by all threads at once: none gets lost. */
  for (int Round = 0; Round != 8; ++Round) {
    pthread_barrier_wait(&Barrier);
    for (int I = 0; I != COMMON; ++I)
      __atomic_add_fetch(&Common[I * (PAGE / 4)], 1, __ATOMIC_RELAXED);
    pthread_barrier_wait(&Barrier);
    for (int I = (int)Me; I < COMMON; I += THREADS)
      CHECK(Common[I * (PAGE / 4)] == THREADS);
    pthread_barrier_wait(&Barrier);
    if (Me == Round % THREADS)
      madvise(Common, COMMON * PAGE, MADV_DONTNEED);
  }
  return 0;
}

int main(void) {
  struct sigaction Action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &Action, 0);
  pthread_barrier_init(&Barrier, 0, THREADS);
  Common = mmap(0, COMMON * PAGE, RW, ANONYMOUS, -1, 0);
  pthread_t Threads[THREADS];
  long Sum = 0;
  for (long T = 0; T != THREADS; ++T)
    if (pthread_create(&Threads[T], 0, work, (void *)T))
      return 2;
  for (long T = 0; T != THREADS; ++T) {
    pthread_join(Threads[T], 0);
    Sum += Bad[T];
  }
  printf("memory: %d threads, %ld wrong\n", THREADS, Sum);
  return Sum != 0;
}
