/* A host that has keys of its own before it loads the object, and whose threads
 * are first taken into the world by signal handlers, wherever they are in the C
 * library.
 *
 *   enter-keys OBJECT KEYS
 *
 * KEYS: their number, or "all" that there are.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include "enter.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_long handled;

static void handler(int number) {
  int saved = errno;
  (void)number;
  /* No malloc in the world's own either. */
  if (thread_number() != gettid())
    ++failures;
  ++handled;
  errno = saved;
}

static unsigned next_random(unsigned *state) {
  *state = *state * 1103515245 + 12345;
  return *state >> 16;
}

static void *allocates(void *argument) {
  void *memory[64] = {0};
  unsigned state = (unsigned)(long)argument;
  for (int i = 0; i < 3000; ++i) {
    int at = next_random(&state) & 63;
    free(memory[at]);
    memory[at] = malloc(2000 + next_random(&state) * 8 % 60000);
  }
  for (int i = 0; i < 64; ++i)
    free(memory[i]);
  return NULL;
}

static void *forks(void *argument) {
  for (int i = 0; i < 3; ++i) {
    pid_t pid = fork();
    if (pid == 0)
      _exit(0);
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
      ;
  }
  return argument;
}

static void *loads(void *argument) {
#ifdef __GLIBC__
  for (int i = 0; i < 10; ++i) {
    void *object = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
    if (object)
      dlclose(object);
  }
#endif
  return argument;
}

static void *nothing(void *argument) { return argument; }
static void *creates(void *argument) {
  for (int i = 0; i < 20; ++i)
    in_thread(nothing, NULL);
  return argument;
}

static void *(*const work[])(void *) = {allocates, forks, loads, creates};
enum { Kinds = sizeof(work) / sizeof(*work) };

static void storm(void) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  for (long round = 0; round < 50; ++round) {
    pthread_t threads[Kinds];
    for (int i = 0; i < Kinds; ++i)
      pthread_create(&threads[i], NULL, work[i], (void *)(round * Kinds + i));
    for (int signals = 0; signals < 20; ++signals) {
      for (int i = 0; i < Kinds; ++i)
        pthread_kill(threads[i], SIGUSR1);
      for (volatile int wait = 0; wait < 3000; ++wait)
        ;
    }
    for (int i = 0; i < Kinds; ++i)
      pthread_join(threads[i], NULL);
  }
  CHECK(handled > 100, "%ld", (long)handled);
}

/* A thread that a handler has taken in, and that calls later as well. */
static void *enters_again(void *argument) {
  raise(SIGUSR1);
  char *mine = address();
  for (int i = 1; i < 5; ++i)
    CHECK(count() == 100 + i, "call %d", i);
  CHECK(address() == mine, "the same block");
  raise(SIGUSR1);
  return argument;
}

static void *enters(void *argument) {
  CHECK(count() == 101, "first call");
  return argument;
}

/* The end of a thread that has called from outside of a handler is told. */
static void ends_are_told(void) {
  unsigned long before = blocks_in_use();
  for (int i = 0; i < 10; ++i) {
    in_thread(enters, NULL);
    in_thread(enters_again, NULL);
  }
  CHECK(blocks_in_use() == before, "%lu, %lu before", blocks_in_use(), before);
}

/* No memory for a value of a key from 32 on: an error, and then another try. */
#ifdef NO_MEMORY
static _Thread_local int refusals;
void *calloc(size_t count, size_t size) {
  static void *(*next)(size_t, size_t);
  if (!next)
    next = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
  if (refusals && refusals--)
    return NULL;
  return next(count, size);
}

static void *has_no_memory(void *argument) {
  refusals = 2;
  CHECK(count() == -ENOMEM, "1");
  CHECK(count() == -ENOMEM, "2");
  CHECK(refusals == 0, "%d", refusals);
  CHECK(count() == 101 && count() == 102, "there is memory");
  return argument;
}
#endif

int main(int argc, char **argv) {
  pthread_key_t key;
  (void)argc;
  bool are_all = !strcmp(argv[2], "all");
  for (long i = 0; are_all || i < atol(argv[2]); ++i)
    if (pthread_key_create(&key, NULL))
      break;
  load(argv[1]);
  if (are_all) {
    CHECK(count() == -ENODEV, "%ld", count());
    return conclude();
  }
  CHECK(count() == 101, "the first thread");
  storm();
  ends_are_told();
#ifdef NO_MEMORY
  if (atol(argv[2]) >= 32)
    in_thread(has_no_memory, NULL);
#endif
  return conclude();
}
