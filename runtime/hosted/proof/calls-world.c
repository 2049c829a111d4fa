/* The second world of the call tests: what a plugin or a JIT's run-time does
 * when it is called and calls back. Built three times: on GS, on FS with its
 * thread control block swapped in, and with the host's own C library.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "calls.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static long allocations;

static _Thread_local long steps;
static _Thread_local long *state; /* from malloc, freed at the thread's end */

static void end_thread(void *value) {
  free(value);
  state = NULL;
  __atomic_sub_fetch(&allocations, 1, __ATOMIC_RELAXED);
}

static void make_key(void) { pthread_key_create(&key, end_thread); }

static void begin_thread(void) {
  pthread_once(&once, make_key);
  state = calloc(1, sizeof(*state));
  pthread_setspecific(key, state);
  __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
}

/* errno is set here and must be found again at the next call, whatever the host
 * did with its own. */
long world_step(void) {
  if (!state)
    begin_thread();
  if (steps && errno != (int)(steps & 0xff) + 1)
    return -1;
  errno = (int)(++steps & 0xff) + 1;
  return ++*state == steps ? steps : -2;
}

long world_step_back(long (*callback)(void *), void *argument) {
  long step = world_step();
  if (callback(argument) != step)
    return -3;
  return errno == (int)(steps & 0xff) + 1 ? step : -4;
}

long world_allocated(void) {
  return __atomic_load_n(&allocations, __ATOMIC_RELAXED);
}
