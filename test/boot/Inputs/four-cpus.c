// As many threads as processors, none of which waits: done when each has seen
// itself on another processor than all others, at the same time.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX 8

static int number;
static atomic_int where[MAX]; // processor of each thread, + 1
static atomic_int done;
static __thread int own;

static int all_differ(void) {
  unsigned seen = 0;
  for (int i = 0; i != number; ++i)
    seen |= 1u << where[i];
  return __builtin_popcount(seen & ~1u) == number;
}

static void *spin(void *argument) {
  int index = (int)(long)argument;
  own = index;
  while (!done) {
    where[index] = sched_getcpu() + 1;
    if (own != index)
      abort();
    if (all_differ())
      done = 1;
  }
  return NULL;
}

int main(int argc, char **argv) {
  number = argc > 1 ? atoi(argv[1]) : 4;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set))
    return 1;
  printf("processors: %d\n", CPU_COUNT(&set));

  pthread_t threads[MAX];
  for (long i = 1; i != number; ++i)
    if (pthread_create(&threads[i], NULL, spin, (void *)i))
      return 2;
  spin((void *)0);
  for (int i = 1; i != number; ++i)
    pthread_join(threads[i], NULL);
  printf("each of %d threads on one of its own\n", number);

  // To each processor in turn.
  for (int i = 0; i != CPU_COUNT(&set); ++i) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(i, &one);
    if (sched_setaffinity(0, sizeof(one), &one) || sched_getcpu() != i)
      return 3;
  }
  CPU_ZERO(&set);
  CPU_SET(63, &set);
  if (!sched_setaffinity(0, sizeof(set), &set))
    return 4;
  return 0;
}
