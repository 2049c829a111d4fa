/* A program for the kernel's own loader: its thread-locals and the kernel's
 * errno, in threads of its own. Ends with the number of the check that failed,
 * or with the number of its arguments, its name not counted.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "app_api.h"

enum { THREADS = 8, TURNS = 150, EBADF = 9 };

static __thread long counter = 1000;
static __thread char text[70] __attribute__((aligned(64))) = "aligned";
static __thread long zeros[9];
static __thread const char *const *initial;
static const char *const word = "word";
__thread const char *const *relocated = &word; /* .tdata with a relocation */

static int constructed;
__attribute__((constructor)) static void construct(void) { constructed = 7; }
__attribute__((destructor)) static void destroy(void) {
  write(1, "destroyed\n", 10);
}

static char *fs(void) {
  char *tp;
  __asm__("movq %%fs:0, %0" : "=r"(tp));
  return tp;
}
/* In ring 0, a program can look. */
static char *gs(void) {
  char *tp;
  __asm__("movq %%gs:0, %0" : "=r"(tp));
  return tp;
}
static long distance;

static int check(long turn) {
  long *tcb = (long *)fs();
  if (tcb[0] != (long)tcb || tcb[2] != (long)tcb)
    return 1;
  if (!tcb[5] || tcb[5] & 0xff)
    return 2; /* canary */
  if (fs() - gs() != distance)
    return 3;
  /* Set by the program, seen by the kernel. */
  int value = gettid() * 1000 + turn;
  errno = value;
  sched_yield();
  if (__errno_location() != &errno)
    return 4;
  if (*__errno_location() != value)
    return 5;
  /* Set by the kernel, seen by the program. */
  if (close(-1) != -1)
    return 6;
  if (errno != EBADF)
    return 7;
  if (write(1000, "", 0) != -1 || errno != EBADF)
    return 8;
  if (counter++ != 1000 + turn)
    return 9;
  if ((unsigned long)text & 63)
    return 10;
  if (strcmp(text, "aligned"))
    return 11;
  if (zeros[turn % 9] != turn / 9)
    return 12;
  ++zeros[turn % 9];
  if (relocated != &word || strcmp(*relocated, "word"))
    return 13;
  if (initial)
    return 14;
  return 0;
}

static int where[8];
static unsigned long lowest = -1ul, highest;
static int stacks;

/* Of the stacks that threads had so far: those that have ended are used again.
 */
static int note_stack(unsigned long here) {
  while (__atomic_exchange_n(&stacks, 1, __ATOMIC_ACQUIRE))
    sched_yield();
  lowest = here < lowest ? here : lowest;
  highest = here > highest ? here : highest;
  unsigned long span = highest - lowest;
  __atomic_store_n(&stacks, 0, __ATOMIC_RELEASE);
  return span < THREADS * 0x40000ul ? 0 : 15;
}

static void *run(void *argument) {
  int bad = argument == where ? 0 : note_stack((unsigned long)&argument);
  if (bad)
    return (void *)(long)bad;
  for (long turn = 0; turn != TURNS; ++turn) {
    bad = check(turn);
    if (bad)
      return (void *)(long)bad;
    __atomic_fetch_add(&where[sched_getcpu() & 7], 1, __ATOMIC_RELAXED);
    /* Long enough to be interrupted. */
    for (volatile int i = 0; i != 3000; ++i)
      ;
  }
  errno = gettid();
  sched_yield();
  perror("done");
  if (argument == where)
    return argument;
  if (argument)
    pthread_exit(argument);
  return 0;
}

int main(int argc, char **argv, char **environment) {
  if (constructed != 7)
    return 100;
  if (strcmp(argv[argc - 1], argc > 1 ? "last" : argv[0]) || argv[argc])
    return 101;
  if (!environment)
    return 102;
  distance = fs() - gs();
  for (int round = 0; round != 3; ++round) {
    unsigned long threads[THREADS];
    for (int i = 0; i != THREADS; ++i)
      if (pthread_create(&threads[i], 0, run, i & 1 ? &threads[i] : 0))
        return 103;
    for (int i = 0; i != THREADS; ++i) {
      void *result;
      if (pthread_join(threads[i], &result))
        return 104;
      if (result != (i & 1 ? &threads[i] : 0))
        return (long)result < 100 ? (int)(long)result : 105;
      if (pthread_join(threads[i], 0) != 3) /* ESRCH */
        return 106;
    }
  }
  if (run(where) != where)
    return 107;
  int cpus = 0;
  for (int i = 0; i != 8; ++i)
    cpus += where[i] != 0;
  if (cpus > 1)
    write(1, "on several CPUs\n", 16);
  return argc - 1;
}
