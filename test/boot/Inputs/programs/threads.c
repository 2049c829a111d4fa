/* Thread-locals of sizes up to 1 MiB and alignments up to 4096 in the program
   itself; errno, mutexes, condition variables and destructors of thread-specific
   data, over several threads. Prints the same anywhere, or what is wrong.
   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NumThreads = 6, NumRounds = 40 };

#define BLOCK(Name, Size, Align) \
  static __thread struct { \
    unsigned char Bytes[Size]; \
  } Name __attribute__((aligned(Align))) = {{Size & 255, 2, 3}};
BLOCK(b3, 3, 1)
BLOCK(b8, 8, 8)
BLOCK(b64, 64, 64)
BLOCK(b256, 256, 256)
BLOCK(b1024, 1024, 1024)
BLOCK(b4096, 4096, 4096)
BLOCK(b64k, 65536, 16)
static __thread unsigned char zero1m[1 << 20] __attribute__((aligned(4096)));
static __thread int answer = 42;
__thread long exported = -7; /* reached as other files reach it */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static int turn, failures, destroyed;
static pthread_key_t key;

static void fail(const char *what, int id) {
  __sync_fetch_and_add(&failures, 1);
  fprintf(stderr, "thread %d: %s\n", id, what);
}

static void check(unsigned char *bytes, size_t size, size_t align, const unsigned char *initial,
                  int id, const char *name) {
  if ((uintptr_t)bytes % align)
    fail(name, id);
  for (size_t i = 0; i != size; ++i)
    if (bytes[i] != (i < 3 && initial ? initial[i] : 0))
      return fail(name, id);
  memset(bytes, id + 1, size);
}

static void check_kept(const unsigned char *bytes, size_t size, int id, const char *name) {
  for (size_t i = 0; i != size; ++i)
    if (bytes[i] != id + 1)
      return fail(name, id);
}

static void destroy(void *value) {
  if (*(int *)value == answer)
    __sync_fetch_and_add(&destroyed, 1);
}

#define EACH(DO) DO(b3) DO(b8) DO(b64) DO(b256) DO(b1024) DO(b4096) DO(b64k)

static void *run(void *argument) {
  int id = (int)(intptr_t)argument;
  if (answer != 42 || exported != -7)
    fail("initial value", id);
#define START(B) \
  { \
    const unsigned char initial[] = {sizeof(B.Bytes) & 255, 2, 3}; \
    check(B.Bytes, sizeof(B.Bytes), _Alignof(__typeof__(B)), initial, id, #B); \
  }
  EACH(START)
  check(zero1m, sizeof(zero1m), 4096, 0, id, "zero1m");
  answer = 1000 + id;
  exported = id;
  pthread_setspecific(key, &answer);
  for (int round = 0; round != NumRounds; ++round) {
    errno = 5000 + id;
    pthread_mutex_lock(&mutex);
    while (turn % NumThreads != id)
      pthread_cond_wait(&turn_changed, &mutex);
    ++turn;
    pthread_cond_broadcast(&turn_changed);
    pthread_mutex_unlock(&mutex);
    if (errno != 5000 + id)
      fail("errno was lost", id);
    if (close(-1 - id) != -1 || errno != EBADF)
      fail("errno of a call", id);
    free(malloc(100 + 1000 * round));
    if (answer != 1000 + id || exported != id)
      fail("value was lost", id);
    if (round % 8 == 0) {
#define KEPT(B) check_kept(B.Bytes, sizeof(B.Bytes), id, #B);
      EACH(KEPT)
      check_kept(zero1m, sizeof(zero1m), id, "zero1m");
    }
  }
  return (void *)(intptr_t)(answer + exported);
}

int main(void) {
  pthread_t threads[NumThreads];
  long sum = 0;
  pthread_key_create(&key, destroy);
  if (answer != 42 || exported != -7)
    fail("initial value", -1);
  answer = 1;
  for (intptr_t i = 0; i != NumThreads; ++i)
    if (pthread_create(&threads[i], 0, run, (void *)i))
      fail("pthread_create", (int)i);
  for (int i = 0; i != NumThreads; ++i) {
    void *result;
    pthread_join(threads[i], &result);
    sum += (intptr_t)result;
  }
  printf("threads: turns %d, sum %ld, destroyed %d, mine %d, failures %d\n", turn, sum, destroyed,
         answer, failures);
  return failures != 0;
}
