/* What a program for the kernel's own loader does wrong, by its first argument.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "app_api.h"

static __thread char buffer[16] = "thread-local";

static __attribute__((noinline)) void smash(char *to, long size) {
  char room[16];
  for (volatile long i = 0; i != size; ++i)
    ((volatile char *)room)[i] = 'x';
  memcpy(to, room, 8);
}

static void *wait(void *unused) {
  for (;;)
    sched_yield();
  return unused;
}

static void *finish(void *result) { return result; }

static int go;
static unsigned long ids[5000];

static void *wait_to_go(void *number) {
  while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
    sched_yield();
  return number;
}

/* Where much memory would lie: elsewhere, if anything was left mapped. */
static void *place(void) {
  void *start = mmap(0, 1 << 30, 0, 0x22 /* private, anonymous */, -1, 0);
  munmap(start, 1 << 30);
  return start;
}

/* So many threads at a time, or as many as there can be. */
static int crowd(long most) {
  long n = 0, bad = 0;
  void *before = place();
  __atomic_store_n(&go, 0, __ATOMIC_RELEASE);
  while (n != most &&
         !(bad = pthread_create(&ids[n], 0, wait_to_go, (void *)n)))
    ++n;
  if (n != most && (n < 100 || bad != 11)) /* EAGAIN */
    return 1;
  __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
  while (n--) {
    void *result;
    if (pthread_join(ids[n], &result) || result != (void *)n)
      return 2;
  }
  return place() == before ? 0 : 3;
}

static void *join(void *thread) {
  pthread_join((unsigned long)thread, 0);
  write(1, "late\n", 5); /* the program has ended */
  return 0;
}

/* Relocated, then read-only. */
void *(*const table[])(void *) = {wait, join};

int main(int argc, char **argv) {
  unsigned long thread;
  void *before;
  switch (argc > 1 ? *argv[1] : 0) {
  case 's': /* the canary of its control block */
    smash(argv[0], 60);
    return 1;
  case 'n': /* null pointer */
    return *(volatile int *)0;
  case 'c': /* its code is not writable */
    *(volatile char *)main = 0;
    return 1;
  case 'r': /* RELRO */
    *(void *volatile *)&table[0] = argv;
    return 1;
  case 'b': /* behind its thread control block */
    for (char *p = buffer;; p += 4096)
      *(volatile char *)p = 0;
  case 't': /* a thread-local's address is of the kernel's half */
    return write(1, buffer, 1) == -1 && errno == 14 ? 0 : 1;
  case 'j': /* bad addresses for results, and joins of nobody */
    before = place();
    if (pthread_create((unsigned long *)16, 0, finish, 0) != 14 /* EFAULT */)
      return 1;
    if (pthread_create(&thread, 0, finish, argv) ||
        pthread_join(thread, (void **)16) != 14)
      return 2;
    if (pthread_join(thread, 0) != 3 /* ESRCH */)
      return 3;
    return place() == before ? 0 : 4;
  case 'm': /* all memory, twice */
    return crowd(5000) ? 1 : crowd(5000) ? 2 : 0;
  case 'w': /* more than the others have, whose memory the kernel keeps */
    return crowd(40);
  case 'e': /* ends while others run and wait */
    if (pthread_create(&thread, argv, wait, 0) != 22 /* EINVAL */)
      return 1;
    for (int i = 0; i != 4; ++i)
      if (pthread_create(&thread, 0, wait, 0))
        return 2;
    if (pthread_create(&thread, 0, join, (void *)thread))
      return 2;
    for (int i = 0; i != 20; ++i)
      sched_yield();
    return 3;
  }
  return 0;
}
