/* Threads that end by pthread_exit and by being cancelled, for which glibc loads a
   library by itself; clean-up handlers and destructors of thread-specific data run.
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static __thread int depth;
static int cleaned, destroyed;
static pthread_key_t key;

static void clean(void *argument) { cleaned += depth == (int)(intptr_t)argument; }
static void destroy(void *value) { destroyed += (intptr_t)value == depth; }

static void descend(int n) {
  pthread_cleanup_push(clean, (void *)(intptr_t)5);
  ++depth;
  if (n)
    descend(n - 1);
  pthread_setspecific(key, (void *)(intptr_t)depth);
  pthread_exit((void *)7);
  pthread_cleanup_pop(0);
}

static void *leave(void *argument) {
  descend(4);
  return argument;
}

static void *wait(void *argument) {
  depth = 5;
  pthread_cleanup_push(clean, (void *)(intptr_t)5);
  for (;;)
    pause();
  pthread_cleanup_pop(0);
  return argument;
}

int main(void) {
  pthread_t thread;
  void *result;
  pthread_key_create(&key, destroy);
  pthread_create(&thread, 0, leave, 0);
  pthread_join(thread, &result);
  printf("exit: %ld, cleaned %d, destroyed %d\n", (long)(intptr_t)result, cleaned, destroyed);
  pthread_create(&thread, 0, wait, 0);
  pthread_cancel(thread);
  pthread_join(thread, &result);
  printf("cancelled: %d\n", result == PTHREAD_CANCELED);
  return 0;
}
