/* A plugin or JIT-like host: many threads, which come and go, call into a
 * second world and are called back.
 *
 *   calls-host OBJECT [--calls N] [--threads N] [--lives N]     check
 * everything calls-host OBJECT --time SECONDS [--threads N]              calls
 * per second
 *
 * --calls is the sum over all threads and lives. Exit status 0 if all counts
 * are exact and nothing is left behind.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long (*step)(void);
static long (*step_back)(long (*)(void *), void *);
static long (*allocated)(void);
static long (*blocks)(void);

static long calls = 1000000, threads = 8, lives = 16;
static double seconds;
static atomic_long total, called_back, wrong;

static __thread long steps; /* the host's own count of this thread */

static long callback(void *argument) {
  errno = (int)(++*(long *)argument & 0x7f) + 200;
  return ++steps;
}

/* The same for measuring: with one C library, errno would be the world's too.
 */
static long quiet_callback(void *argument) {
  ++*(long *)argument;
  return ++steps;
}

/* One thread's life: `count` calls with a callback each. */
static void *live(void *argument) {
  long count = (long)argument, backs = 0;
  for (long i = 1; i <= count; ++i) {
    if (step_back(callback, &backs) != i)
      ++wrong;
    if (errno != (int)(i & 0x7f) + 200)
      ++wrong;
  }
  if (steps != count || backs != count)
    ++wrong;
  total += count;
  called_back += backs;
  return NULL;
}

static void *live_often(void *argument) {
  long count = (long)argument;
  for (long life = 0; life < lives; ++life) {
    long part = count / lives + (life < count % lives);
    pthread_t thread;
    if (pthread_create(&thread, NULL, live, (void *)part))
      abort();
    pthread_join(thread, NULL);
  }
  return NULL;
}

static int check(void) {
  pthread_t thread[threads];
  for (long i = 0; i < threads; ++i)
    if (pthread_create(&thread[i], NULL, live_often,
                       (void *)(calls / threads + (i < calls % threads))))
      abort();
  for (long i = 0; i < threads; ++i)
    pthread_join(thread[i], NULL);
  /* The main thread has a block for asking, or had one already. */
  long left = allocated(), in_use = blocks();
  printf("%ld calls, %ld callbacks in %ld threads: %ld wrong, %ld allocations "
         "and %ld blocks left\n",
         (long)total, (long)called_back, threads * lives, (long)wrong, left,
         in_use);
  return total != calls || called_back != calls || wrong || left || in_use > 1;
}

/* --- Time ------------------------------------------------------------------
 */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Calls per second of one thread for a while. */
static double rate(bool is_back) {
  long backs = 0, count = 0;
  double start = now(), end;
  do {
    for (int i = 0; i < 10000; ++i)
      if ((is_back ? step_back(quiet_callback, &backs) : step()) < 0)
        ++wrong;
    count += 10000;
    end = now();
  } while (end - start < seconds);
  return (double)count / (end - start);
}

static void *measure(void *argument) {
  double *result = argument;
  step(); /* enters */
  result[0] = rate(false);
  steps = 0;
  return NULL;
}

static void *measure_back(void *argument) {
  double *result = argument;
  result[1] = rate(true);
  return NULL;
}

static int run_time(void) {
  double rates[threads][2], sum[2] = {0, 0};
  for (int kind = 0; kind < 2; ++kind) {
    pthread_t thread[threads];
    for (long i = 0; i < threads; ++i)
      if (pthread_create(&thread[i], NULL, kind ? measure_back : measure,
                         rates[i]))
        abort();
    for (long i = 0; i < threads; ++i) {
      pthread_join(thread[i], NULL);
      sum[kind] += rates[i][kind];
    }
  }
  printf("{\"call\": %.0f, \"callback\": %.0f}\n", sum[0], sum[1]);
  return wrong != 0;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: calls-host OBJECT [--calls N] [--threads N] "
                    "[--lives N] [--time SECONDS]\n");
    return 2;
  }
  for (int i = 2; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--calls"))
      calls = strtol(argv[i + 1], NULL, 10);
    else if (!strcmp(argv[i], "--threads"))
      threads = strtol(argv[i + 1], NULL, 10);
    else if (!strcmp(argv[i], "--lives"))
      lives = strtol(argv[i + 1], NULL, 10);
    else if (!strcmp(argv[i], "--time"))
      seconds = strtod(argv[i + 1], NULL);
  }
  if (calls < 1 || threads < 1 || lives < 1)
    return 2;
  void *object = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!object) {
    fprintf(stderr, "calls-host: %s\n", dlerror());
    return 1;
  }
  step = (long (*)(void))dlsym(object, "step");
  step_back = (long (*)(long (*)(void *), void *))dlsym(object, "step_back");
  allocated = (long (*)(void))dlsym(object, "allocated");
  blocks = (long (*)(void))dlsym(object, "blocks");
  return seconds > 0 ? run_time() : check();
}
