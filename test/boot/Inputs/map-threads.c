/* 8 threads map memory, mark it as theirs, compute, and check it, over and
 * over.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

enum { THREADS = 8, TURNS = 300, PAGES = 3 };

static long Lost[THREADS];

static void *work(void *Argument) {
  long Me = (long)Argument;
  for (int Turn = 0; Turn != TURNS; ++Turn) {
    volatile long *Mine = mmap(0, PAGES * 4096, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (Mine == MAP_FAILED) {
      ++Lost[Me];
      continue;
    }
    for (int P = 0; P != PAGES; ++P) {
      Lost[Me] += Mine[P * 512] != 0; /* fresh */
      Mine[P * 512] = Me * 1000000 + Turn;
    }
    for (volatile int N = 0; N != 300; ++N)
      ;
    for (int P = 0; P != PAGES; ++P)
      Lost[Me] += Mine[P * 512] != Me * 1000000 + Turn;
    munmap((void *)Mine, PAGES * 4096);
  }
  return 0;
}

int main(void) {
  pthread_t Threads[THREADS];
  long Bad = 0;
  for (long T = 0; T != THREADS; ++T)
    if (pthread_create(&Threads[T], 0, work, (void *)T))
      return 2;
  for (long T = 0; T != THREADS; ++T) {
    pthread_join(Threads[T], 0);
    Bad += Lost[T];
  }
  printf("map: %d threads, %ld pages lost\n", THREADS, Bad);
  return Bad != 0;
}
