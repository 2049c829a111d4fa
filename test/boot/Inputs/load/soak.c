/* Load: threads that each change and check their own thread-locals of all sizes,
   while they lock mutexes, wait for each other, take page faults, send and handle
   signals, fault on purpose, make and join threads.
   usage: soak [SECONDS [THREADS [SEED]]]
   Prints counts; they depend on time. Exit status 0: no value was lost.

   SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MaxThreads = 256, PageSize = 4096, NumMutexes = 8 };

static __thread uint8_t t1 = 0x11;
static __thread uint16_t t2 = 0x2222;
static __thread uint64_t t8 = 0x8888;
static __thread uint64_t t64[8] __attribute__((aligned(64))) = {64, 64, 64, 64, 64, 64, 64, 64};
static __thread uint64_t t4k[512] __attribute__((aligned(4096)));
static __thread uint64_t t64k[8192];
static __thread volatile unsigned handled, faulted;
static __thread void *fault_page;
static __thread int my_tid, my_id = -1;
__thread uint64_t exported = 99; /* reached through other code */

struct thread {
  pthread_t handle;
  int id;
  uint64_t random, operations, locked, sent, faults, made;
};
static struct thread threads[MaxThreads];
static int num_threads = 64;
static atomic_int started, failures, running;
static atomic_ullong handled_total;
static volatile int stop;
static pthread_mutex_t mutexes[NumMutexes];
static uint64_t counts[NumMutexes]; /* protected by the mutex */
static pthread_mutex_t turn_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static uint64_t turns;

static void fail(const char *what) {
  if (atomic_fetch_add(&failures, 1) < 20) {
    char line[128];
    int n = snprintf(line, sizeof(line), "soak: thread %d: %s\n", my_id, what);
    if (write(2, line, n) < 0)
      _exit(3);
  }
}

static uint64_t next(struct thread *t) { /* xorshift64 */
  t->random ^= t->random << 13;
  t->random ^= t->random >> 7;
  t->random ^= t->random << 17;
  return t->random;
}

/* On every thread, whatever it is at. */
static void on_user_signal(int number, siginfo_t *info, void *context) {
  (void)info, (void)context;
  int saved = errno;
  if (number != SIGUSR1 || my_id < 0 || my_tid != (int)syscall(SYS_gettid))
    fail("in another thread's handler");
  ++handled;
  errno = saved;
}

static void on_fault(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
  if (!fault_page || info->si_addr != (char *)fault_page + 8) {
    fail("a fault at another address");
    _exit(4);
  }
  ++faulted;
  if (mprotect(fault_page, PageSize, PROT_READ | PROT_WRITE))
    fail("mprotect in a handler");
}

static void fill(uint64_t *block, size_t words, uint64_t value) {
  for (size_t i = 0; i != words; ++i)
    block[i] = value;
}

static void check(const uint64_t *block, size_t words, uint64_t value, const char *what) {
  for (size_t i = 0; i != words; ++i)
    if (block[i] != value)
      return fail(what);
}

static void use_tls(struct thread *t, uint64_t old, uint64_t new) {
  if (t1 != (uint8_t)old || t2 != (uint16_t)old || t8 != old || exported != old)
    fail("a small thread-local");
  check(t64, 8, old, "64 bytes of thread-locals");
  check(t4k, 512, old, "4 KiB of thread-locals");
  size_t at = next(t) % 8; /* an eighth of the large block at a time */
  check(t64k + at * 1024, 1024, t64k[at * 1024], "64 KiB of thread-locals");
  if (t64k[at * 1024] && (t64k[at * 1024] & 0xff) != (uint64_t)t->id)
    fail("another thread's 64 KiB of thread-locals");
  t1 = (uint8_t)new, t2 = (uint16_t)new, t8 = new, exported = new;
  fill(t64, 8, new);
  fill(t4k, 512, new);
  fill(t64k + at * 1024, 1024, new);
}

static void *short_thread(void *argument) {
  if (t1 != 0x11 || t2 != 0x2222 || t8 != 0x8888 || exported != 99 || my_id != -1 || t4k[511])
    fail("a new thread's thread-locals are not fresh");
  check(t64, 8, 64, "a new thread's 64 bytes");
  my_id = 1000;
  my_tid = (int)syscall(SYS_gettid);
  fill(t4k, 512, (uintptr_t)argument);
  sched_yield();
  check(t4k, 512, (uintptr_t)argument, "a short thread's 4 KiB");
  return (char *)argument + 1;
}

static void use_pages(struct thread *t) {
  size_t pages = 1 + next(t) % 32;
  uint64_t *memory = mmap(0, pages * PageSize, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return fail("mmap");
  for (size_t i = 0; i != pages; ++i) {
    if (memory[i * 512])
      fail("a fresh page is not zero");
    memory[i * 512] = t->random + i;
  }
  for (size_t i = 0; i != pages; ++i)
    if (memory[i * 512] != t->random + i)
      fail("a page lost its value");
  if (pages > 2) {
    madvise(memory + 512, PageSize, MADV_DONTNEED);
    if (memory[512] || memory[0] != t->random)
      fail("madvise");
  }
  /* A page fault that a handler mends. */
  mprotect(memory, PageSize, PROT_NONE);
  fault_page = memory;
  unsigned before = faulted;
  ((volatile uint64_t *)memory)[1] = 5;
  if (faulted != before + 1 || memory[1] != 5)
    fail("a fault's handler");
  fault_page = 0;
  ++t->faults;
  munmap(memory, pages * PageSize);
}

static void wait_for_turn(struct thread *t) {
  struct timespec limit;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_nsec += 2000000;
  if (limit.tv_nsec >= 1000000000)
    limit.tv_nsec -= 1000000000, ++limit.tv_sec;
  pthread_mutex_lock(&turn_mutex);
  uint64_t before = turns++;
  pthread_cond_signal(&turn_changed);
  if (next(t) % 4 == 0)
    while (turns == before + 1)
      if (pthread_cond_timedwait(&turn_changed, &turn_mutex, &limit) == ETIMEDOUT)
        break;
  pthread_mutex_unlock(&turn_mutex);
}

static void *run(void *argument) {
  struct thread *t = argument;
  my_id = t->id;
  my_tid = (int)syscall(SYS_gettid);
  uint64_t value = (uint64_t)t->id;
  t1 = (uint8_t)value, t2 = (uint16_t)value, t8 = value, exported = value;
  fill(t64, 8, value);
  fill(t4k, 512, value);
  double floating = t->id + 0.5;
  atomic_fetch_add(&started, 1);
  while (started < num_threads)
    sched_yield();
  while (!stop) {
    ++t->operations;
    uint64_t fresh = (next(t) << 8) | (uint64_t)t->id;
    switch (next(t) % 8) {
    case 0:
    case 1: {
      unsigned m = next(t) % NumMutexes;
      pthread_mutex_lock(&mutexes[m]);
      uint64_t seen = counts[m];
      if (next(t) % 16 == 0)
        sched_yield();
      counts[m] = seen + 1;
      pthread_mutex_unlock(&mutexes[m]);
      ++t->locked;
      break;
    }
    case 2:
      use_pages(t);
      break;
    case 3: {
      struct thread *other = &threads[next(t) % num_threads];
      if (pthread_kill(other->handle, SIGUSR1))
        fail("pthread_kill");
      ++t->sent;
      break;
    }
    case 4:
      wait_for_turn(t);
      break;
    case 5:
      if (next(t) % 4 == 0) {
        pthread_t child;
        void *result;
        int error = pthread_create(&child, 0, short_thread, (void *)(uintptr_t)fresh);
        if (error == EAGAIN)
          break; /* no memory for its stack: not what is tested */
        if (error || pthread_join(child, &result) || result != (char *)(uintptr_t)fresh + 1)
          fail("a short thread");
        ++t->made;
      }
      break;
    case 6:
      if ((int)syscall(SYS_gettid) != my_tid)
        fail("gettid");
      errno = t->id + 1;
      if (close(-5) != -1 || errno != EBADF)
        fail("errno");
      break;
    case 7:
      floating = floating * 1.5 - (floating * 0.5);
      sched_yield();
      if (floating != t->id + 0.5)
        fail("a floating point value");
      break;
    }
    use_tls(t, value, fresh);
    value = fresh;
  }
  /* Until all have stopped, others may still send. */
  atomic_fetch_sub(&running, 1);
  while (running)
    sched_yield();
  handled_total += handled;
  return 0;
}

int main(int argc, char **argv) {
  int seconds = argc > 1 ? atoi(argv[1]) : 60;
  uint64_t seed = argc > 3 ? strtoull(argv[3], 0, 0) : 1;
  if (argc > 2)
    num_threads = atoi(argv[2]);
  if (num_threads < 1 || num_threads > MaxThreads || seconds < 0) {
    fprintf(stderr, "usage: soak [SECONDS [THREADS [SEED]]]\n");
    return 2;
  }
  struct sigaction action = {.sa_sigaction = on_user_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGUSR1, &action, 0);
  action.sa_sigaction = on_fault;
  sigaction(SIGSEGV, &action, 0);
  for (int i = 0; i != NumMutexes; ++i)
    pthread_mutex_init(&mutexes[i], 0);
  running = num_threads;
  /* Handles must be there before any thread sends. */
  for (int i = 0; i != num_threads; ++i) {
    threads[i].id = i;
    threads[i].random = (seed * 0x9e3779b97f4a7c15) ^ (uint64_t)(i + 1) * 0xbf58476d1ce4e5b9;
    if (pthread_create(&threads[i].handle, 0, run, &threads[i])) {
      fprintf(stderr, "soak: thread %d could not be made\n", i);
      return 2;
    }
  }
  struct timespec start, now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  do {
    struct timespec nap = {0, 50000000};
    nanosleep(&nap, 0);
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while (now.tv_sec - start.tv_sec < seconds || now.tv_nsec < start.tv_nsec);
  stop = 1;
  uint64_t operations = 0, locked = 0, sent = 0, faults = 0, made = 0, counted = 0;
  for (int i = 0; i != num_threads; ++i)
    pthread_join(threads[i].handle, 0);
  for (int i = 0; i != num_threads; ++i) {
    operations += threads[i].operations, locked += threads[i].locked, sent += threads[i].sent;
    faults += threads[i].faults, made += threads[i].made;
  }
  for (int i = 0; i != NumMutexes; ++i)
    counted += counts[i];
  if (counted != locked)
    fail("a mutex let two in");
  if (handled_total > sent)
    fail("more signals were handled than sent");
  printf("soak: %d threads, %llu operations, %llu locks, %llu signals sent, %llu handled, "
         "%llu faults, %llu threads made\n",
         num_threads, (unsigned long long)operations, (unsigned long long)locked,
         (unsigned long long)sent, (unsigned long long)handled_total, (unsigned long long)faults,
         (unsigned long long)made);
  printf("soak: seed %llu, failures %d\n", (unsigned long long)seed, failures);
  return failures != 0;
}
