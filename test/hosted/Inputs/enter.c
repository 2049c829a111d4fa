/* Threads of the host that enter the second world in all sorts of ways.
 *
 *   enter OBJECT [foreign]
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enter.h"

static void *gs_base(void) {
  void *base;
  syscall(SYS_arch_prctl, 0x1004, &base);
  return base;
}

/* --- Inherited -------------------------------------------------------------
 */

static sem_t go, stay, ready;

/* Has inherited a GS_BASE, whose thread is gone when it enters. */
static void *grandchild(void *argument) {
  (void)argument;
  CHECK(gs_base() != NULL, "Linux gives a thread its creator's");
  sem_post(&ready);
  sem_wait(&go);
  long first = count();
  CHECK(first == 101, "%ld", first);
  CHECK(thread_number() == gettid(), "%ld", thread_number());
  return address();
}

static void *child(void *argument) {
  CHECK(count() == 101, "a new thread's variables");
  pthread_create(argument, NULL, grandchild, NULL);
  return NULL;
}

static void *other(void *argument) {
  CHECK(count() == 101, "a new thread's variables");
  *(char **)argument = address();
  sem_post(&ready);
  sem_wait(&stay);
  CHECK(count() == 102, "still this thread's");
  return NULL;
}

static void inherited(void) {
  long before = count();
  sem_init(&go, 0, 0);
  sem_init(&stay, 0, 0);
  sem_init(&ready, 0, 0);
  pthread_t young, taker;
  in_thread(child, &young); /* ended: its block is free */
  sem_wait(&ready);
  char *theirs;
  void *result;
  pthread_create(&taker, NULL, other, &theirs); /* takes it */
  sem_wait(&ready);
  sem_post(&go);
  pthread_join(young, &result);
  sem_post(&stay);
  pthread_join(taker, NULL);
  CHECK(result != theirs && result != address() && theirs != address(),
        "blocks are apart");
  CHECK(count() == before + 1, "the first thread's");
}

/* --- Coming and going ------------------------------------------------------
 */

static void *touch(void *argument) {
  for (int i = 1; i < 20; ++i)
    CHECK(count() == 100 + i, "call %d", i);
  return argument;
}

static void *end_bare(void *argument) {
  touch(argument);
  CHECK(blocks_in_use() >= 2, "%lu: main's and this", blocks_in_use());
  syscall(SYS_exit, 0);
  return NULL;
}

static void come_and_go(void) {
  for (int i = 0; i < 500; ++i)
    in_thread(touch, NULL);
  CHECK(blocks_in_use() == 1, "%lu", blocks_in_use());
  CHECK(blocks_ever() <= 32, "%lu", blocks_ever());
  /* Threads that tell nobody that they end: their blocks are found later. (musl
     cannot join such threads.) */
#ifdef __GLIBC__
  for (int i = 0; i < 2000; ++i)
    in_thread(end_bare, NULL);
  CHECK(blocks_in_use() <= 128, "%lu", blocks_in_use());
  CHECK(blocks_ever() <= 256, "%lu", blocks_ever());
#endif
  in_thread(touch, NULL);
}

/* --- Signals ---------------------------------------------------------------
 */

static atomic_long signals;
static __thread char *seen; /* the thread's block, as it was last */
static __thread volatile bool is_ending;
static void check_block(void) {
  char *now = address();
  CHECK(!seen || now == seen, "another block in the same thread");
  seen = now;
}

static void handler(int number) {
  int saved = errno;
  (void)number;
  /* No malloc in a handler, in either world: only what is safe there. */
  if (thread_number() != gettid())
    ++failures;
  if (!is_ending)
    check_block();
  ++signals;
  errno = saved;
}

static void *hammered(void *argument) {
  (void)argument;
  /* Some enter first in the handler. */
  for (volatile int i = 0; i < 20000; ++i)
    ;
  for (int i = 1; i < 200; ++i)
    CHECK(count() == 100 + i, "call %d", i);
  CHECK(thread_number() == gettid(), "%ld", thread_number());
  return NULL;
}

static void *enters_in_handler(void *argument) {
  (void)argument;
  raise(SIGUSR1);
  CHECK(count() == 101, "after the handler");
  return NULL;
}

/* Signals that come as fast as another thread can send them, from a thread's
 * first instruction on: some arrive while it enters. */
static atomic_int target;
static void *stormed(void *argument) {
  target = gettid();
  for (volatile long i = 0; i < (long)argument; ++i)
    ; /* so that signals come at all places of the first call */
  for (int i = 1; i < 10; ++i) {
    check_block();
    CHECK(count() == 100 + i, "call %d", i);
  }
  target = 0;
  is_ending = true;
  return NULL;
}

static atomic_bool storm_ended;
static void *send_storm(void *argument) {
  while (!storm_ended) {
    int tid = target;
    if (tid)
      syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
  }
  return argument;
}

static void storm(void) {
  pthread_t sender;
  pthread_create(&sender, NULL, send_storm, NULL);
  for (int i = 0; i < 6000; ++i)
    in_thread(stormed, (void *)(long)(i % 3000));
  storm_ended = 1;
  pthread_join(sender, NULL);
  /* A signal that comes behind a thread's last destructor makes a block once
     more, which is found later. */
  CHECK(blocks_in_use() >= 1 && blocks_in_use() <= 128, "%lu", blocks_in_use());
}

static void in_handlers(void) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGPROF, &action, NULL);
  in_thread(enters_in_handler, NULL);
  CHECK(signals == 1, "%ld", (long)signals);
  storm();
  struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_PROF, &often, NULL);
  for (int round = 0; round < 60; ++round) {
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i)
      pthread_create(&threads[i], NULL, hammered, NULL);
    for (int i = 0; i < 4; ++i)
      pthread_join(threads[i], NULL);
  }
  setitimer(ITIMER_PROF, &never, NULL);
}

/* --- Fork ------------------------------------------------------------------
 */

static atomic_bool ended;
static void *busy(void *argument) {
  while (!ended)
    CHECK(count() > 100, "busy");
  return argument;
}

static void *forks(void *argument) {
  (void)argument;
  long before = count();
  for (int i = 1; i <= 100; ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      int wrong = failures;
      CHECK(count() == before + i, "in the child");
      CHECK(thread_number() == gettid(), "%ld", thread_number());
      CHECK(blocks_in_use() == 1, "%lu", blocks_in_use());
      in_thread(touch, NULL);
      CHECK(blocks_in_use() == 1, "%lu", blocks_in_use());
      fflush(stdout);
      _exit(failures != wrong);
    }
    int status;
    waitpid(pid, &status, 0);
    CHECK(status == 0, "%x", status);
    CHECK(count() == before + i, "in the parent");
    CHECK(thread_number() == gettid(), "%ld", thread_number());
  }
  return NULL;
}

static void *forks_outside(void *argument) {
  (void)argument; /* this thread has not entered */
  pid_t pid = fork();
  if (pid == 0) {
    _exit(count() != 101);
  }
  int status;
  waitpid(pid, &status, 0);
  CHECK(status == 0, "%x", status);
  return NULL;
}

static void forked(void) {
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i)
    pthread_create(&threads[i], NULL, busy, NULL);
  in_thread(forks, NULL);
  in_thread(forks_outside, NULL);
  ended = 1;
  for (int i = 0; i < 3; ++i)
    pthread_join(threads[i], NULL);
  forks(NULL);
}

/* --- Pages -----------------------------------------------------------------
 */

static sigjmp_buf fault;
static void on_fault(int number) { siglongjmp(fault, number); }

/* The block's pages closed to the host, by a key where there are any. */
static void *closed_pages(void *argument) {
  unsigned long span[2];
  CHECK(!block_pages(span), "pages");
  char *block = (char *)span[0], *end = (char *)span[1], *mine = address();
  CHECK(mine >= block && mine < end, "the variables are in it");
  CHECK((char *)gs_base() >= block && (char *)gs_base() < end, "and the TCB");
  size_t size = (size_t)(end - block);
  int key = -1;
#ifdef PKEY_DISABLE_ACCESS
  key = pkey_alloc(0, 0);
#endif
  if (key < 0)
    mprotect(block, size, PROT_NONE);
#ifdef PKEY_DISABLE_ACCESS
  else if (pkey_mprotect(block, size, PROT_READ | PROT_WRITE, key) ||
           pkey_set(key, PKEY_DISABLE_ACCESS))
    CHECK(0, "pkey");
#endif
  volatile char *places[] = {block, mine, end - 1};
  for (int i = 0; i < 3; ++i)
    if (!sigsetjmp(fault, 1)) {
      *places[i] = 1;
      CHECK(0, "a stray store at place %d went through", i);
    }
  if (key < 0)
    mprotect(block, size, PROT_READ | PROT_WRITE);
#ifdef PKEY_DISABLE_ACCESS
  else {
    pkey_set(key, 0);
    pkey_mprotect(block, size, PROT_READ | PROT_WRITE, 0);
    pkey_free(key);
  }
#endif
  CHECK(count() == 101, "open again");
  return argument;
}

static void pages(void) {
  struct sigaction action = {.sa_handler = on_fault}, old;
  sigaction(SIGSEGV, &action, &old);
  in_thread(closed_pages, NULL);
  sigaction(SIGSEGV, &old, NULL);
}

/* --- Others ----------------------------------------------------------------
 */

static long back(long argument) {
  errno = 5;
  return argument ? count() : 0;
}

/* A CPU without rdgsbase, for the object: it asks the host. */
#ifdef NO_FSGSBASE
unsigned long getauxval(unsigned long type) {
  unsigned long (*next)(unsigned long) =
      (unsigned long (*)(unsigned long))dlsym(RTLD_NEXT, "getauxval");
  return type == 26 ? next(type) & ~2ul : next(type);
}
#endif

static char elsewhere[256];
static void *foreign(void *argument) {
  CHECK(count() == 101, "before");
  syscall(SYS_arch_prctl, 0x1001, elsewhere);
  CHECK(count() == -EBUSY, "%ld", count());
  return argument;
}
static void *foreign_first(void *argument) {
  syscall(SYS_arch_prctl, 0x1001, elsewhere);
  CHECK(count() == -EBUSY, "%ld", count());
  return argument;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  bool is_foreign = argc > 2;
  if (is_foreign)
    syscall(SYS_arch_prctl, 0x1001, elsewhere);
  void *object = load(argv[1]);
  if (is_foreign) {
    CHECK(count() == -ENODEV, "%ld", count());
    return conclude();
  }
  CHECK(count() == 101 && count() == 102, "first calls");
  CHECK(call(back, 1) == 103, "a callback that calls");
  CHECK(errno == 5, "the host's errno is %d", errno);
  inherited();
  come_and_go();
  in_handlers();
  forked();
  pages();
  CHECK(processes() == 42, "%ld", processes());
  dlclose(object); /* stays: threads have blocks */
  CHECK(count() > 103, "after dlclose");
  in_thread(foreign, NULL);
  in_thread(foreign_first, NULL);
  CHECK(count() > 104, "other threads are not concerned");
  return conclude();
}
