/* Uses model.c by each model, in several threads.
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#define EACH(DO) DO(gd) DO(ld) DO(ie) DO(desc) DO(own)
#define DECLARE(N) int N##_use(int);
EACH(DECLARE)

enum { NumThreads = 4 };
static int failures;

static void *run(void *argument) {
  int id = (int)(intptr_t)argument + 1;
#define FIRST(N) \
  if (N##_use(id) != 21) \
    __sync_fetch_and_add(&failures, 1), fprintf(stderr, #N ": initial value\n");
  EACH(FIRST)
  for (int i = 1; i != 200; ++i) {
#define NEXT(N) \
  if (N##_use(id) != id + id + i) \
    __sync_fetch_and_add(&failures, 1), fprintf(stderr, #N ": value was lost\n");
    EACH(NEXT)
  }
  return 0;
}

int main(void) {
  pthread_t threads[NumThreads];
  for (intptr_t i = 0; i != NumThreads; ++i)
    pthread_create(&threads[i], 0, run, (void *)i);
  for (int i = 0; i != NumThreads; ++i)
    pthread_join(threads[i], 0);
  run((void *)9);
  printf("models: failures %d\n", failures);
  return failures != 0;
}
